using JwtRevocation.Benchmarks.Api.Published;
using JwtRevocation.Benchmarks.Fleet;
using JwtRevocation.Benchmarks.Reporting;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.JsonWebTokens;
using StackExchange.Redis;

namespace JwtRevocation.Benchmarks.Api;

/// <summary>The smallest API that reads a token, on a free port of the loopback interface, which it prints.</summary>
internal static class ApiServer
{
    /// <param name="mode">How it finds out what was revoked.</param>
    /// <param name="shared">Where Redis is, or the database file, for the modes that have one.</param>
    public static async Task<int> RunAsync(ApiMode mode, string shared)
    {
        ApiKeys keys = ApiKeys.Parse((await Parent.ReadLineAsync())!);
        WebApplicationBuilder builder = CreateBuilder();
        Configure(builder.Services, mode, keys, shared);

        await using WebApplication app = builder.Build();
        if (mode == ApiMode.CacheMiddleware)
        {
            app.UseMiddleware<CacheMiddleware>();
        }

        app.MapGet("/me", (HttpContext context) => context.User.FindFirst("sub")?.Value).RequireAuthorization();
        await RevokeAsync(app.Services, mode, new(ApiTokens.Encode(ApiTokens.Revoked, keys.Hs256)) { SigningKey = keys.Hs256.Key });
        if (mode is ApiMode.Connections or ApiMode.UnwatchedConnections)
        {
            IEndpointConventionBuilder endpoint = app.MapGet("/open", OpenConnections.WaitAsync).RequireAuthorization();
            if (mode == ApiMode.Connections)
            {
                endpoint.EndOnRevocation();
            }
        }

        await using IAsyncDisposable? unused = mode == ApiMode.WithoutOnRedis ? await ConnectionMultiplexer.ConnectAsync(shared) : null;
        await app.StartAsync();
        using OpenConnections? open = mode is ApiMode.Connections or ApiMode.UnwatchedConnections ? await OpenConnections.OpenAsync(app.Urls.Single(), keys) : null;
        Console.WriteLine(app.Urls.Single());
        await ProcessGauge.AnswerAsync();
        return 0;
    }

    public static WebApplicationBuilder CreateBuilder()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        builder.Services.AddAuthorization();
        return builder;
    }

    public static void Configure(JwtBearerOptions options, ApiKeys keys)
    {
        options.MapInboundClaims = false;
        options.TokenValidationParameters = new()
        {
            ValidIssuer = SampleTokens.Issuer,
            ValidAudience = SampleTokens.Audience,
            IssuerSigningKeys = [keys.Hs256.Key, keys.Rs256.Key],
        };
    }

    private static void Configure(IServiceCollection services, ApiMode mode, ApiKeys keys, string shared)
    {
        if (mode is ApiMode.OpenIddict or ApiMode.OpenIddictEntries)
        {
            services.AddAuthentication(OpenIddictApi.Scheme);
            services.AddOpenIddictValidation(keys, withEntries: mode == ApiMode.OpenIddictEntries, shared);
            return;
        }

        services.AddAuthentication(JwtBearerDefaults.AuthenticationScheme).AddJwtBearer(options => Configure(options, keys));
        switch (mode)
        {
            case ApiMode.InMemory or ApiMode.Million or ApiMode.AllKinds or ApiMode.Connections or ApiMode.UnwatchedConnections:
                services.AddJwtRevocation();
                break;
            case ApiMode.Redis:
                services.AddJwtRevocation().AddRedisStore(shared);
                break;
            case ApiMode.RedisStopped:
                services.AddJwtRevocation().AddRedisStore(options =>
                {
                    options.Configuration = shared;

                    // Redis is stopped for longer than the 60 seconds after which requests get 503.
                    options.MaxStaleness = TimeSpan.FromHours(12);
                });
                break;
            case ApiMode.SignatureDictionary:
                services.AddSingleton<SignatureDictionary>();
                services.AddOptions<JwtBearerOptions>(JwtBearerDefaults.AuthenticationScheme).Configure<SignatureDictionary>(
                    static (options, dictionary) => options.TokenValidationParameters.LifetimeValidator = dictionary.IsAlive);
                break;
            case ApiMode.CacheMiddleware:
                services.AddStackExchangeRedisCache(options => options.Configuration = shared);
                break;
        }
    }

    public static async Task RevokeAsync(IServiceProvider services, ApiMode mode, JsonWebToken token)
    {
        switch (mode)
        {
            case ApiMode.InMemory or ApiMode.Million or ApiMode.AllKinds or ApiMode.Connections or ApiMode.UnwatchedConnections or ApiMode.Redis or ApiMode.RedisStopped:
                IRevokedTokenStore store = services.GetRequiredService<IRevokedTokenStore>();
                await ApiRevocations.AddAsync(store, mode);
                await store.RevokeAsync(new() { Target = RevocationTarget.Token(token), Expires = DateTimeOffset.MaxValue }, CancellationToken.None);
                break;
            case ApiMode.SignatureDictionary:
                SignatureDictionary dictionary = services.GetRequiredService<SignatureDictionary>();
                dictionary.AddRandom(ApiRevocations.Some);
                dictionary.Add(token.EncodedSignature);
                break;
            case ApiMode.CacheMiddleware:
                await services.GetRequiredService<IDistributedCache>().SetStringAsync(CacheMiddleware.KeyOf(token.EncodedToken), " ");
                break;
            case ApiMode.OpenIddictEntries:
                await OpenIddictApi.AddEntriesAsync(services);
                break;
        }
    }
}
