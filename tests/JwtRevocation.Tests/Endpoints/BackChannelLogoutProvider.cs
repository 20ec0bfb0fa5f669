using System.Buffers.Text;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace JwtRevocation.Tests.Endpoints;

/// <summary>What an OpenID Provider does: signs logout tokens, to the letter of what a test wants, and posts them.</summary>
internal static class BackChannelLogoutProvider
{
    public const string Path = "/backchannel-logout";
    public const string Event = "http://schemas.openid.net/event/backchannel-logout";

    public static Task<TestApi> StartAsync(
        Action<JwtBearerOptions>? bearer = null,
        Action<JwtRevocationBuilder>? revocation = null,
        Action<IServiceCollection>? services = null,
        Action<BackChannelLogoutOptions>? options = null,
        Action<RouteHandlerBuilder>? conventions = null) => TestApi.StartAsync(
            bearer,
            revocation,
            services: services,
            endpoints: app =>
            {
                RouteHandlerBuilder endpoint = app.MapBackChannelLogout(Path, configure: options);
                conventions?.Invoke(endpoint);
            });

    public static string Create(
        Action<JsonObject>? payload = null,
        Action<JsonObject>? header = null,
        SigningCredentials? credentials = null,
        DateTimeOffset? now = null)
    {
        long time = (now ?? TimeProvider.System.GetUtcNow()).ToUnixTimeSeconds();
        JsonObject claims = new()
        {
            ["iss"] = TestTokens.Issuer,
            ["sub"] = "alice",
            ["aud"] = TestTokens.Audience,
            ["iat"] = time,
            ["exp"] = time + 120,
            ["jti"] = Guid.NewGuid().ToString("N"),
            ["sid"] = "session-1",
            ["events"] = new JsonObject { [Event] = new JsonObject() },
        };
        payload?.Invoke(claims);
        return Sign(claims.ToJsonString(), header, credentials);
    }

    /// <summary>For the user, not for a session.</summary>
    public static string CreateForSubject(DateTimeOffset? now = null, Action<JsonObject>? payload = null) => Create(
        claims =>
        {
            claims.Remove("sid");
            payload?.Invoke(claims);
        },
        now: now);

    public static string Sign(string payload, Action<JsonObject>? header = null, SigningCredentials? credentials = null)
    {
        credentials ??= TestKeys.For("ES256");
        JsonObject parameters = new() { ["alg"] = credentials.Algorithm, ["kid"] = credentials.Key.KeyId, ["typ"] = "logout+jwt" };
        header?.Invoke(parameters);
        return Sign(Encoding.UTF8.GetBytes(parameters.ToJsonString()), Encoding.UTF8.GetBytes(payload), credentials);
    }

    public static string Sign(byte[] header, byte[] payload, SigningCredentials credentials)
    {
        string input = $"{Base64Url.EncodeToString(header)}.{Base64Url.EncodeToString(payload)}";
        using SignatureProvider signer = new CryptoProviderFactory { CacheSignatureProviders = false }.CreateForSigning(credentials.Key, credentials.Algorithm);
        return $"{input}.{Base64Url.EncodeToString(signer.Sign(Encoding.ASCII.GetBytes(input)))}";
    }

    /// <summary>An access token of alice's, in a session.</summary>
    public static string AccessToken(string session = "session-1", string subject = "alice", DateTimeOffset? issuedAt = null) => TestTokens.Create(
        subject: subject,
        configure: descriptor =>
        {
            descriptor.Claims[JwtRegisteredClaimNames.Sid] = session;
            descriptor.IssuedAt = (issuedAt ?? TimeProvider.System.GetUtcNow().AddMinutes(-1)).UtcDateTime;
        });

    public static Task<HttpResponseMessage> PostAsync(this TestApi api, HttpContent? content) =>
        api.Client.PostAsync(Path, content, TestContext.Current.CancellationToken);

    public static async Task<HttpResponseMessage> LogOutAsync(this TestApi api, string logoutToken)
    {
        using FormUrlEncodedContent form = new([new("logout_token", logoutToken)]);
        return await api.PostAsync(form);
    }

    public static async Task<HttpStatusCode> LogoutStatusAsync(this TestApi api, string logoutToken)
    {
        using HttpResponseMessage response = await api.LogOutAsync(logoutToken);
        response.Headers.CacheControl!.ToString().Should().Be("no-store");
        return response.StatusCode;
    }

    public static async Task ShouldTakeAsync(this TestApi api, string logoutToken)
    {
        using HttpResponseMessage response = await api.LogOutAsync(logoutToken);
        string body = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        response.StatusCode.Should().Be(HttpStatusCode.OK, "not {0}", body);
        response.Headers.CacheControl!.ToString().Should().Be("no-store");
        body.Should().BeEmpty();
    }

    /// <summary>As section 2.8 says; and nothing was revoked.</summary>
    public static async Task ShouldRefuseAsync(this TestApi api, string logoutToken, string error = "invalid_request")
    {
        using HttpResponseMessage response = await api.LogOutAsync(logoutToken);
        await response.ShouldBeRefusedLogoutAsync(error);
        api.Count().Should().Be(0);
    }

    public static async Task ShouldBeRefusedLogoutAsync(this HttpResponseMessage response, string error = "invalid_request")
    {
        string body = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        response.StatusCode.Should().Be(HttpStatusCode.BadRequest);
        response.Headers.CacheControl!.ToString().Should().Be("no-store");
        response.Content.Headers.ContentType!.MediaType.Should().Be("application/json");
        JsonNode json = JsonNode.Parse(body)!;
        json["error"]!.GetValue<string>().Should().Be(error);
        json["error_description"]!.GetValue<string>().Should().NotBeEmpty();
    }

    /// <summary>Of the store in memory.</summary>
    public static int Count(this TestApi api) => ((ICountedStore)api.Services.GetRequiredService<IRevokedTokenStore>()).Count;
}
