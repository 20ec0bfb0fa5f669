using System.Security.Claims;
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

builder.Services.AddAuthentication().AddJwtBearer(bearer =>
{
    bearer.MapInboundClaims = false;
    issuer.Trust(bearer.TokenValidationParameters);
});
builder.Services.AddAuthorization();
builder.Services.AddJwtRevocation();

WebApplication app = builder.Build();
app.UseDefaultFiles();
app.UseStaticFiles();

app.MapPost("/sign-in", (SignInRequest request, TokenIssuer tokens) => tokens.Issue(request.User, request.Device));

app.MapGet("/me", (ClaimsPrincipal user) => user.Claims.Select(claim => new ClaimView(claim.Type, claim.Value)).ToArray())
    .RequireAuthorization();

app.MapPost("/sign-out", () => TypedResults.SignOut()).RequireAuthorization();

app.Run();
