using JwtRevocation.Benchmarks.Api.Published;
using JwtRevocation.Benchmarks.Fleet;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace JwtRevocation.Benchmarks.Api.Within;

/// <summary>
/// The same API four times in one process: by a scheme that the library covers, or something that is published, and by three that
/// nothing does.
/// </summary>
/// <remarks>
/// The events of each are of a class of its own, as those of the library are. An API has one scheme, and whatever class its events are
/// of, the compiler finds that all are of that one, and calls them straight away. Here it would take the class of most for granted, which
/// is that of the schemes that are not covered, and the library would pay for not being of it. With four in equal parts there is hardly one that it expects.
/// </remarks>
internal static class WithinServer
{
    public const string Restart = "restart";
    public const string Report = "report";

    private const string Covered = "covered";

    private static readonly (string Name, JwtBearerEvents Events)[] NotCovered =
        [("plain", new PlainEvents()), ("again", new AgainEvents()), ("further", new FurtherEvents())];

    public static readonly string[] Paths = [.. NotCovered.Select(static scheme => $"/{scheme.Name}"), $"/{Covered}"];

    /// <param name="mode">How the fourth finds out what was revoked.</param>
    /// <param name="shared">Where Redis is, or the database file, if it needs one.</param>
    public static async Task<int> RunAsync(ApiMode mode, string shared)
    {
        ApiKeys keys = ApiKeys.Parse((await Parent.ReadLineAsync())!);
        WebApplicationBuilder builder = ApiServer.CreateBuilder();
        foreach ((string scheme, JwtBearerEvents events) in NotCovered)
        {
            AddJwtBearer(builder.Services, scheme, keys, events);
        }

        string covering = AddCovered(builder.Services, mode, keys, shared);
        await using WebApplication app = builder.Build();
        WithinTimes times = new();
        app.Use(times.MeasureAsync);
        if (mode == ApiMode.CacheMiddleware)
        {
            app.UseWhen(static context => context.Request.Path == Paths[^1], static branch => branch.UseMiddleware<CacheMiddleware>());
        }

        app.UseAuthentication();
        app.UseAuthorization();
        foreach ((string path, string scheme) in Paths.Zip([.. NotCovered.Select(static scheme => scheme.Name), covering]))
        {
            app.MapGet(path, (HttpContext context) => context.User.FindFirst("sub")?.Value)
                .RequireAuthorization(new AuthorizationPolicyBuilder(scheme).RequireAuthenticatedUser().Build());
        }

        await ApiServer.RevokeAsync(app.Services, mode, new(ApiTokens.Encode(ApiTokens.Revoked, keys.Hs256)) { SigningKey = keys.Hs256.Key });
        await app.StartAsync();
        Console.WriteLine(app.Urls.Single());
        while (await Parent.ReadLineAsync() is { } what)
        {
            if (what == Restart)
            {
                times.Restart();
                Console.WriteLine();
            }
            else
            {
                Console.WriteLine(times.Report());
            }
        }

        return 0;
    }

    /// <summary>Adds the fourth scheme, and says how it is called.</summary>
    private static string AddCovered(IServiceCollection services, ApiMode mode, ApiKeys keys, string shared)
    {
        switch (mode)
        {
            case ApiMode.OpenIddictEntries:
                services.AddOpenIddictValidation(keys, withEntries: true, shared);
                return OpenIddictApi.Scheme;
            case ApiMode.CacheMiddleware:
                AddJwtBearer(services, Covered, keys, new CoveredEvents());
                services.AddStackExchangeRedisCache(options => options.Configuration = shared);
                return Covered;
            default:
                AddJwtBearer(services, Covered, keys, events: null);
                JwtRevocationBuilder revocation = services.AddJwtRevocation(static options => options.Schemes.Add(Covered));
                if (mode == ApiMode.Redis)
                {
                    revocation.AddRedisStore(shared);
                }

                return Covered;
        }
    }

    private static void AddJwtBearer(IServiceCollection services, string scheme, ApiKeys keys, JwtBearerEvents? events) =>
        services.AddAuthentication().AddJwtBearer(scheme, options =>
        {
            ApiServer.Configure(options, keys);
            options.Events = events ?? options.Events;
        });

    private sealed class PlainEvents : JwtBearerEvents;

    private sealed class AgainEvents : JwtBearerEvents;

    private sealed class FurtherEvents : JwtBearerEvents;

    private sealed class CoveredEvents : JwtBearerEvents;
}
