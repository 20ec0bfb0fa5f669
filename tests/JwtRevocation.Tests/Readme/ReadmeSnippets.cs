using System.Net.WebSockets;
using System.Runtime.CompilerServices;
using System.Security.Claims;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.IdentityModel.Tokens;
using StackExchange.Redis;

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

    public static void Redis(WebApplicationBuilder builder)
    {
        builder.Services.AddJwtRevocation().AddRedisStore("localhost:6379");
    }

    public static void RedisOptions(WebApplicationBuilder builder)
    {
        builder.Services.AddJwtRevocation().AddRedisStore(options =>
        {
            options.ConnectionMultiplexerFactory = async services => await ConnectionMultiplexer.ConnectAsync("localhost:6379");
            options.KeyPrefix = "my-app-revocation";
            options.MaxStaleness = TimeSpan.FromSeconds(30);
        });

        builder.Services.AddHealthChecks().AddJwtRevocation();
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
            .RequireAuthorization(policy => policy.AddAuthenticationSchemes("Bearer").RequireAuthenticatedUser());
    }

    public static void Everywhere(WebApplication app)
    {
        app.MapPost("/sign-out/everywhere", () => TypedResults.SignOut(SignOutScope.Everywhere())).RequireAuthorization();
        app.MapPost("/sign-out/others", () => TypedResults.SignOut(SignOutScope.Others())).RequireAuthorization();

        app.MapPost("/users/{user}/sign-out", async (string user, ITokenRevoker revoker, CancellationToken cancellationToken) =>
        {
            await revoker.RevokeAsync(RevocationTarget.Subject("https://issuer", user), cancellationToken);
        }).RequireAuthorization("admin");
    }

    public static void Details(WebApplication app)
    {
        app.MapPost("/compromised", async (ITokenRevoker revoker) =>
        {
            // The signing key leaked, and was replaced: nothing that was signed before is accepted.
            await revoker.RevokeAsync(RevocationTarget.IssuedBy("https://issuer"), new() { Reason = "key leaked", Actor = "security" });

            // Ends what is refreshed later from a sign-in before now, too.
            await revoker.RevokeAsync(RevocationTarget.Subject("https://issuer", "alice"), new() { ByAuthenticationTime = true });
        }).RequireAuthorization("admin");
    }

    public static void Password(WebApplication app)
    {
        app.MapPost("/password", async (ClaimsPrincipal user, ITokenRevoker revoker) =>
        {
            // JwtBearer renames it, unless MapInboundClaims is false.
            string subject = (user.FindFirstValue("sub") ?? user.FindFirstValue(ClaimTypes.NameIdentifier))!;
            RevocationReceipt receipt = await revoker.RevokeAsync(RevocationTarget.Subject("https://issuer", subject), new() { SignsNewToken = true });
            return SignToken(subject, issuedAt: receipt.AcceptedFrom!.Value);
        }).RequireAuthorization();
    }

    public static void Listing(WebApplication app)
    {
        app.MapGet("/admin/revocations", (IRevokedTokenStore store, CancellationToken cancellationToken) =>
            store.GetRevocationsAsync(cancellationToken)
                .Select(revocation => new Listed(revocation.Target.ToString(), revocation.Target.Value, revocation.Cutoff, revocation.Reason, revocation.Actor)))
            .RequireAuthorization("admin");
    }

    internal sealed record Listed(string Kind, string? Value, DateTimeOffset? Cutoff, string? Reason, string? Actor);

    public static void Operator(WebApplication app)
    {
        app.MapPost("/admin/revoke", async Task<Results<NoContent, BadRequest>> (LeakedToken leaked, ITokenRevoker revoker, CancellationToken cancellationToken) =>
        {
            try
            {
                await revoker.RevokeAsync(leaked.Token, cancellationToken);
                return TypedResults.NoContent();
            }
            catch (Exception exception) when (exception is SecurityTokenValidationException or ArgumentException)
            {
                return TypedResults.BadRequest();
            }
        }).RequireAuthorization("admin");
    }

    public static void Hub(WebApplication app)
    {
        app.MapHub<ChatHub>("/chat").RequireAuthorization().EndOnRevocation();
    }

    public static void Connections(WebApplication app)
    {
        app.MapGet("/prices", (Prices prices, CancellationToken cancellationToken) => TypedResults.ServerSentEvents(prices.ReadAllAsync(cancellationToken)))
            .RequireAuthorization()
            .EndOnRevocation(orExpiration: true);

        app.UseWebSockets();
        app.MapGet("/talk", async (HttpContext context) =>
        {
            using WebSocket socket = await context.WebSockets.AcceptWebSocketAsync();
            TaskCompletionSource revoked = new(TaskCreationOptions.RunContinuationsAsynchronously);
            using CancellationTokenRegistration _ = context.GetTokenRevoked().Register(revoked.SetResult);
            await Task.WhenAny(TalkAsync(socket, newToken => context.ContinueWithTokenAsync(newToken)), revoked.Task);

            using CancellationTokenSource patience = new(TimeSpan.FromSeconds(5));
            await socket.CloseAsync(WebSocketCloseStatus.PolicyViolation, "Sign in again", patience.Token);
        }).RequireAuthorization();
    }

    public static void Elsewhere(WebApplication app)
    {
        app.MapTokenRevocation("/oauth/revoke").RequireAuthorization("clients");

        app.MapBackChannelLogout("/backchannel-logout", configure: options => options.Audiences.Add("my-client-id"));

        app.MapSecurityEvents("/security-events", configure: options => options.Audiences.Add("https://api.example"));
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

    // What a client sends is a new token.
    private static async Task TalkAsync(WebSocket socket, Func<string, Task> continueAsync)
    {
        byte[] buffer = new byte[4096];
        while (await socket.ReceiveAsync(buffer, CancellationToken.None) is { MessageType: WebSocketMessageType.Text } message)
        {
            await continueAsync(Encoding.UTF8.GetString(buffer, 0, message.Count));
            await socket.SendAsync("continued"u8.ToArray(), WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);
        }
    }

    private static string SignToken(string subject, DateTimeOffset issuedAt) =>
        TestTokens.Create(subject: subject, configure: descriptor => descriptor.IssuedAt = issuedAt.UtcDateTime);

    internal sealed record LeakedToken(string Token);

    internal sealed class Prices : IDisposable
    {
        private readonly PeriodicTimer _changes = new(TimeSpan.FromSeconds(1));

        public async IAsyncEnumerable<string> ReadAllAsync([EnumeratorCancellation] CancellationToken cancellationToken)
        {
            while (await _changes.WaitForNextTickAsync(cancellationToken))
            {
                yield return "42";
            }
        }

        public void Dispose() => _changes.Dispose();
    }

#pragma warning disable CA1812 // SignalR makes it.
    private sealed class ChatHub : Hub;
#pragma warning restore CA1812

    private sealed class MyRevokedTokenStore : IRevokedTokenStore
    {
        public RevocationStatus GetStatus(in RevocableToken token) => RevocationStatus.Unknown;

        public ValueTask<RevocationReceipt> RevokeAsync(Revocation revocation, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public IAsyncEnumerable<Revocation> GetRevocationsAsync(CancellationToken cancellationToken) => throw new NotSupportedException();
    }
}
