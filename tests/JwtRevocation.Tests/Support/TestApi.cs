using System.Net;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace JwtRevocation.Tests;

/// <summary>A real API: GET /me needs a token, POST /sign-out signs out.</summary>
internal sealed class TestApi : IAsyncDisposable
{
    private readonly WebApplication _app;

    private TestApi(WebApplication app)
    {
        _app = app;
        Client = app.GetTestClient();
    }

    public HttpClient Client { get; }

    public IServiceProvider Services => _app.Services;

    public ITokenRevoker Revoker => Services.GetRequiredService<ITokenRevoker>();

    /// <summary>One JwtBearer scheme, and the library.</summary>
    public static Task<TestApi> StartAsync(
        Action<JwtBearerOptions>? bearer = null,
        Action<JwtRevocationBuilder>? revocation = null,
        Action<JwtRevocationOptions>? options = null,
        Action<IServiceCollection>? services = null,
        Action<WebApplication>? endpoints = null) => StartCoreAsync(
            collection =>
            {
                collection.AddAuthentication().AddJwtBearer(scheme => UseTestTokens(scheme, bearer));
                JwtRevocationBuilder builder = collection.AddJwtRevocation(options ?? (_ => { }));
                revocation?.Invoke(builder);
                services?.Invoke(collection);
            },
            endpoints);

    /// <summary>Whatever the test registers.</summary>
    public static async Task<TestApi> StartCoreAsync(Action<IServiceCollection> services, Action<WebApplication>? endpoints = null)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseTestServer();
        builder.Logging.ClearProviders();
        builder.Services.AddAuthorization();
        services(builder.Services);
        WebApplication app = builder.Build();
        app.MapGet("/me", (HttpContext context) => context.User.FindFirst("sub")?.Value ?? "nobody").RequireAuthorization();
        app.MapGet("/public", (HttpContext context) => context.User.Identity?.IsAuthenticated);
        app.MapPost("/sign-out", () => TypedResults.SignOut()).RequireAuthorization();
        endpoints?.Invoke(app);
        await app.StartAsync(TestContext.Current.CancellationToken);
        return new(app);
    }

    public static void UseTestTokens(JwtBearerOptions options, Action<JwtBearerOptions>? more = null)
    {
        options.MapInboundClaims = false;
        options.TokenValidationParameters = TestTokens.Parameters();
        more?.Invoke(options);
    }

    public Task<HttpResponseMessage> GetAsync(string token, string path = "/me") => SendAsync(HttpMethod.Get, path, token);

    public Task<HttpResponseMessage> SignOutAsync(string token, string path = "/sign-out") => SendAsync(HttpMethod.Post, path, token);

    public async Task<HttpStatusCode> StatusAsync(string token, string path = "/me")
    {
        using HttpResponseMessage response = await GetAsync(token, path);
        return response.StatusCode;
    }

    public Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, string? token)
    {
        HttpRequestMessage request = new(method, path);
        if (token is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {token}");
        }

        return Client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.DisposeAsync();
    }
}

internal static class ResponseExtensions
{
    public static string Challenge(this HttpResponseMessage response) =>
        string.Join(", ", response.Headers.WwwAuthenticate.Select(header => header.ToString()));

    public static void ShouldBeRevoked(this HttpResponseMessage response)
    {
        response.StatusCode.Should().Be(HttpStatusCode.Unauthorized);
        response.Challenge().Should().Be("Bearer error=\"invalid_token\", error_description=\"The token was revoked\"");
    }

    public static void ShouldBeUnavailable(this HttpResponseMessage response)
    {
        response.StatusCode.Should().Be(HttpStatusCode.ServiceUnavailable);
        response.Headers.RetryAfter.Should().NotBeNull();
        response.Headers.WwwAuthenticate.Should().BeEmpty();
    }
}
