using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace JwtRevocation.Benchmarks;

internal enum ApiMode
{
    Without,
    With,
    Redis,
    RedisStopped,
}

/// <summary>The smallest API that reads a token, on a free port of the loopback interface, which it prints.</summary>
internal static class ApiServer
{
    private const int Revoked = 100_000;

    public static async Task<int> RunAsync(ApiMode mode, string? redis)
    {
        SampleTokens tokens = SampleTokens.Hs256();
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        builder.Services.AddAuthentication(JwtBearerDefaults.AuthenticationScheme).AddJwtBearer(options =>
        {
            options.MapInboundClaims = false;
            options.TokenValidationParameters = tokens.ValidationParameters();
        });
        builder.Services.AddAuthorization();
        if (mode != ApiMode.Without)
        {
            JwtRevocationBuilder revocation = builder.Services.AddJwtRevocation();
            if (redis is not null)
            {
                revocation.AddRedisStore(redis);
            }
        }

        await using WebApplication app = builder.Build();
        app.MapGet("/me", (HttpContext context) => context.User.FindFirst("sub")?.Value).RequireAuthorization();
        if (mode == ApiMode.With)
        {
            Revoke(app.Services.GetRequiredService<IRevokedTokenStore>(), tokens);
        }

        await app.StartAsync();
        Console.WriteLine(app.Urls.Single());

        // Ends with its parent, whatever becomes of that: standard input is closed then.
        await Console.In.ReadToEndAsync();
        return 0;
    }

    private static void Revoke(IRevokedTokenStore store, SampleTokens tokens)
    {
        for (int number = 1; number <= Revoked; number++)
        {
            ((InMemoryRevokedTokenStore)store).Add(RevocationTarget.Token(tokens.Read(number)), DateTimeOffset.MaxValue);
        }
    }
}
