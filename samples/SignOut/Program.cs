using System.Security.Claims;
using JwtRevocation;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.IdentityModel.JsonWebTokens;
using SignOut;

// The slim builder and the JSON contract keep the sample publishable as native code.
WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(args);
builder.Services.ConfigureHttpJsonOptions(json =>
{
    json.SerializerOptions.TypeInfoResolverChain.Insert(0, SampleJson.Default);
    json.SerializerOptions.RespectRequiredConstructorParameters = true;
    json.SerializerOptions.RespectNullableAnnotations = true;
});

TokenIssuer issuer = new(SigningKeyFile.LoadOrCreate(), TimeProvider.System);
builder.Services.AddSingleton(issuer);
builder.Services.AddSingleton<Passwords>();

builder.Services.AddAuthentication().AddJwtBearer(bearer =>
{
    bearer.MapInboundClaims = false;
    issuer.Trust(bearer.TokenValidationParameters);

    // A browser cannot send a header with a WebSocket.
    bearer.Events = new()
    {
        OnMessageReceived = context =>
        {
            if (context.Request.Path.StartsWithSegments("/chat"))
            {
                context.Token = context.Request.Query["access_token"];
            }

            return Task.CompletedTask;
        },
    };
});
builder.Services.AddAuthorizationBuilder().AddPolicy("admin", policy => policy.RequireClaim(JwtRegisteredClaimNames.Sub, "admin"));
JwtRevocationBuilder revocation = builder.Services.AddJwtRevocation();

// With --ConnectionStrings:Redis localhost:6379, every node that is started so refuses what any of them has revoked.
if (builder.Configuration.GetConnectionString("Redis") is { Length: > 0 } redis)
{
    revocation.AddRedisStore(redis);
}

builder.Services.AddHealthChecks().AddJwtRevocation();
builder.Services.AddSignalR().AddJsonProtocol(json => json.PayloadSerializerOptions.TypeInfoResolverChain.Insert(0, SampleJson.Default));

WebApplication app = builder.Build();
app.UseDefaultFiles();
app.UseStaticFiles();
app.MapHealthChecks("/health");

app.MapPost("/sign-in", Results<Ok<TokenResponse>, BadRequest> (SignInRequest request, TokenIssuer tokens) =>
    request.User.Length == 0 ? TypedResults.BadRequest() : TypedResults.Ok(tokens.Issue(request.User, request.Device)));

app.MapGet("/me", (ClaimsPrincipal user) => user.Claims.Select(claim => new ClaimView(claim.Type, claim.Value)).ToArray())
    .RequireAuthorization();

// This device; every device; every device but this one.
app.MapPost("/sign-out", () => TypedResults.SignOut()).RequireAuthorization();
app.MapPost("/sign-out/everywhere", () => TypedResults.SignOut(SignOutScope.Everywhere())).RequireAuthorization();
app.MapPost("/sign-out/others", () => TypedResults.SignOut(SignOutScope.Others())).RequireAuthorization();

// What is open ends as well, when the token is revoked that it was opened with.
app.MapGet("/events", (CancellationToken cancellationToken) => TypedResults.ServerSentEvents(Clock.TicksAsync(cancellationToken)))
    .RequireAuthorization()
    .EndOnRevocation();
app.MapHub<ChatHub>("/chat").RequireAuthorization().EndOnRevocation();

// A sign-out at the identity provider. In this sample that is the app itself, with the same key and audience.
app.MapBackChannelLogout("/backchannel-logout");

// The operator knows the user, not the token.
app.MapPost("/users/{user}/sign-out", async (string user, ITokenRevoker revoker, CancellationToken cancellationToken) =>
{
    await revoker.RevokeAsync(RevocationTarget.Subject(TokenIssuer.Issuer, user), cancellationToken);
    return TypedResults.NoContent();
}).RequireAuthorization("admin");

// A new password ends every session, this one too, and begins a new one.
app.MapPost("/password", async (PasswordRequest request, ClaimsPrincipal caller, Passwords passwords, TokenIssuer tokens, ITokenRevoker revoker) =>
{
    string user = caller.FindFirstValue(JwtRegisteredClaimNames.Sub)!;
    passwords.Set(user, request.Password);
    await revoker.RevokeAsync(RevocationTarget.Subject(caller.FindFirstValue(JwtRegisteredClaimNames.Iss)!, user));
    return tokens.Issue(user, caller.FindFirstValue("device") ?? "");
}).RequireAuthorization();

app.Run();
