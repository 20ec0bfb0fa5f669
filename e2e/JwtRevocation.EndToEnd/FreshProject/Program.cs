using Microsoft.IdentityModel.Tokens;
using System.Security.Claims;

var builder = WebApplication.CreateBuilder(args);

builder.Services.AddAuthentication().AddJwtBearer(bearer => bearer.TokenValidationParameters = new()
{
    ValidIssuer = builder.Configuration["Issuer"],
    ValidAudience = builder.Configuration["Audience"],
    IssuerSigningKey = new SymmetricSecurityKey(Convert.FromBase64String(builder.Configuration["SigningKey"]!)),
});
builder.Services.AddAuthorization();
builder.Services.AddJwtRevocation();

var app = builder.Build();

app.MapGet("/me", (ClaimsPrincipal user) => user.FindFirstValue(ClaimTypes.NameIdentifier)).RequireAuthorization();
app.MapPost("/sign-out", () => TypedResults.SignOut()).RequireAuthorization();

app.Run();
