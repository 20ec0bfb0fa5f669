using JwtRevocation.Benchmarks.Fleet;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace JwtRevocation.Benchmarks.Api.Within;

/// <summary>The same API four times in one process: by a scheme that the library covers, and by three that it does not.</summary>
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

    private static readonly (string Name, JwtBearerEvents? Events)[] Schemes =
        [("plain", new PlainEvents()), ("again", new AgainEvents()), ("further", new FurtherEvents()), (Covered, null)];

    public static readonly string[] Paths = Array.ConvertAll(Schemes, static scheme => $"/{scheme.Name}");

    /// <param name="mode"><see cref="ApiMode.InMemory"/> or <see cref="ApiMode.Redis"/>.</param>
    /// <param name="shared">Where Redis is, if it needs one.</param>
    public static async Task<int> RunAsync(ApiMode mode, string shared)
    {
        ApiKeys keys = ApiKeys.Parse((await Parent.ReadLineAsync())!);
        WebApplicationBuilder builder = ApiServer.CreateBuilder();
        foreach ((string scheme, JwtBearerEvents? events) in Schemes)
        {
            builder.Services.AddAuthentication().AddJwtBearer(scheme, options =>
            {
                ApiServer.Configure(options, keys);
                options.Events = events ?? options.Events;
            });
        }

        JwtRevocationBuilder revocation = builder.Services.AddJwtRevocation(static options => options.Schemes.Add(Covered));
        if (mode == ApiMode.Redis)
        {
            revocation.AddRedisStore(shared);
        }

        await using WebApplication app = builder.Build();
        WithinTimes times = new();
        app.Use(times.MeasureAsync);
        app.UseAuthentication();
        app.UseAuthorization();
        foreach ((string scheme, _) in Schemes)
        {
            app.MapGet($"/{scheme}", (HttpContext context) => context.User.FindFirst("sub")?.Value)
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

    private sealed class PlainEvents : JwtBearerEvents;

    private sealed class AgainEvents : JwtBearerEvents;

    private sealed class FurtherEvents : JwtBearerEvents;
}
