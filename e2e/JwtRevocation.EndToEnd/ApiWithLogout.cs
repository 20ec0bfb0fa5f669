using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.JsonWebTokens;

namespace JwtRevocation.EndToEnd;

/// <summary>An API that trusts the issuer, and whose receiver of logout tokens the issuer knows.</summary>
internal sealed class ApiWithLogout : IAsyncDisposable
{
    private const string LogoutPath = "/backchannel-logout";

    private readonly WebApplication _app;
    private readonly ConcurrentQueue<ReceivedLogout> _received;
    private readonly HttpClient _client;

    private ApiWithLogout(WebApplication app, ConcurrentQueue<ReceivedLogout> received)
    {
        _app = app;
        _received = received;
        _client = new() { BaseAddress = new(app.Urls.Single()) };
    }

    public Uri LogoutAddress => new(_client.BaseAddress!, LogoutPath);

    /// <summary>What was posted to the receiver, by whomever, and how it answered.</summary>
    public IReadOnlyCollection<ReceivedLogout> Received => _received;

    /// <param name="issuer">Whose tokens the API accepts.</param>
    /// <param name="clientIds">Of the issuer's clients, those whose logouts concern the API.</param>
    public static async Task<ApiWithLogout> StartAsync(IndependentIssuer issuer, params string[] clientIds)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddAuthentication().AddJwtBearer(bearer =>
        {
            bearer.Authority = issuer.Address.OriginalString;
            bearer.Audience = IndependentIssuer.Api;
            bearer.RequireHttpsMetadata = false;
        });
        builder.Services.AddAuthorization();
        builder.Services.AddJwtRevocation();

        WebApplication app = builder.Build();
        ConcurrentQueue<ReceivedLogout> received = new();
        app.UseWhen(context => context.Request.Path == LogoutPath, branch => branch.Use(async (context, next) =>
        {
            // Read ahead of the receiver, which finds the body as it came.
            context.Request.EnableBuffering();
            using StreamReader body = new(context.Request.Body, leaveOpen: true);
            string? token = HttpUtility.ParseQueryString(await body.ReadToEndAsync())["logout_token"];
            context.Request.Body.Position = 0;

            await next(context);
            received.Enqueue(new(token!, context.Response.StatusCode, context.Response.Headers.CacheControl.ToString()));
        }));
        MapReceiver(app, clientIds);
        app.MapGet("/me", () => TypedResults.Ok()).RequireAuthorization();
        await app.StartAsync();
        return new(app, received);
    }

    public async Task<(HttpStatusCode Status, string Challenge)> MeAsync(string accessToken)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, "/me");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", accessToken);
        using HttpResponseMessage response = await _client.SendAsync(request);
        return (response.StatusCode, response.Headers.WwwAuthenticate.ToString());
    }

    /// <summary>As anybody can who has come by a token.</summary>
    public async Task PostLogoutAsync(string token)
    {
        using FormUrlEncodedContent content = new([new("logout_token", token)]);
        using HttpResponseMessage response = await _client.PostAsync(LogoutAddress, content);
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _app.DisposeAsync();
    }

    private static void MapReceiver(WebApplication app, string[] clientIds) =>
        app.MapBackChannelLogout(LogoutPath, "Bearer", options =>
        {
            foreach (string clientId in clientIds)
            {
                options.Audiences.Add(clientId);
            }
        });
}

/// <summary>One logout token, and what the API answered to it.</summary>
internal sealed record ReceivedLogout(string Token, int Status, string CacheControl)
{
    public bool Names(string claim) => new JsonWebToken(Token).TryGetPayloadValue(claim, out string _);
}
