using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.IdentityModel.Tokens;

namespace JwtRevocation.Tests.Readme;

/// <summary>Every C# snippet of the README, so that it compiles. <see cref="ReadmeTests"/> compares the two.</summary>
internal static class ReadmeSnippets
{
    public static void Start(WebApplicationBuilder builder)
    {
        builder.Services.AddAuthentication().AddJwtBearer();
        builder.Services.AddAuthorization();
        builder.Services.AddJwtRevocation();
    }

    public static void SignOut(WebApplication app)
    {
        app.MapPost("/sign-out", () => TypedResults.SignOut()).RequireAuthorization();
    }

    public static void Options(WebApplicationBuilder builder)
    {
        builder.Services.AddJwtRevocation(options =>
        {
            options.Schemes.Add("Bearer");
            options.WhenUnavailable = WhenUnavailable.Allow;
        });
    }

    public static void Configuration(WebApplicationBuilder builder)
    {
        builder.Services.AddJwtRevocation(builder.Configuration.GetSection("JwtRevocation"));
    }

    public static void NamedScheme(WebApplication app)
    {
        app.MapPost("/api/sign-out", () => TypedResults.SignOut(authenticationSchemes: [JwtRevocationDefaults.AuthenticationScheme]))
            .RequireAuthorization();
    }

    public static void Operator(WebApplication app)
    {
        app.MapPost("/admin/revoke", async ([FromForm] string token, ITokenRevoker revoker, CancellationToken cancellationToken) =>
        {
            await revoker.RevokeAsync(token, cancellationToken);
        }).RequireAuthorization("admin");
    }

    public static TokenValidationParameters WithoutJwtBearer(IServiceProvider serviceProvider)
    {
        TokenValidationParameters parameters = new TokenValidationParameters { ValidIssuer = "https://issuer", ValidAudience = "api" }
            .AddJwtRevocation(serviceProvider);
        return parameters;
    }

    public static void OwnStore(WebApplicationBuilder builder)
    {
        builder.Services.AddJwtRevocation().AddStore<MyRevokedTokenStore>();
    }

    private sealed class MyRevokedTokenStore : IRevokedTokenStore
    {
        public RevocationStatus GetStatus(in RevocableToken token) => RevocationStatus.Unknown;

        public ValueTask<RevocationReceipt> RevokeAsync(Revocation revocation, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public IAsyncEnumerable<Revocation> GetRevocationsAsync(CancellationToken cancellationToken) => throw new NotSupportedException();
    }
}
