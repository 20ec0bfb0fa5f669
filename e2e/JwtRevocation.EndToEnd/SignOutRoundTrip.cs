using System.Net;
using System.Net.Http.Headers;

namespace JwtRevocation.EndToEnd;

/// <summary>What every app with the library has to do for its callers, seen from outside.</summary>
internal static class SignOutRoundTrip
{
    private const string Revoked = "Bearer error=\"invalid_token\", error_description=\"The token was revoked\"";

    /// <param name="client">Of an app with <c>GET /me</c> and <c>POST /sign-out</c>.</param>
    /// <param name="token">Is signed out.</param>
    /// <param name="otherToken">Of the same user on another device; stays signed in.</param>
    public static async Task PassAsync(HttpClient client, string token, string otherToken)
    {
        (await MeAsync(client, token)).Should().Be((HttpStatusCode.OK, ""), "the token has just been issued");
        (await MeAsync(client, otherToken)).Should().Be((HttpStatusCode.OK, ""), "the other token has just been issued");

        (await SendAsync(client, HttpMethod.Post, "/sign-out", token)).Should().Be((HttpStatusCode.OK, ""), "anybody may sign out");

        (await MeAsync(client, token)).Should().Be((HttpStatusCode.Unauthorized, Revoked), "the token was signed out");
        (await MeAsync(client, token + "=")).Should().Be((HttpStatusCode.Unauthorized, Revoked), "it is the same token, spelled otherwise");
        (await SendAsync(client, HttpMethod.Post, "/sign-out", token)).Should().Be((HttpStatusCode.Unauthorized, Revoked), "it is signed out already");
        (await MeAsync(client, otherToken)).Should().Be((HttpStatusCode.OK, ""), "nobody signed the other token out");
    }

    /// <param name="client">Of an app with <c>GET /me</c>.</param>
    /// <param name="token">Was signed out.</param>
    public static async Task ShouldBeSignedOutAsync(HttpClient client, string token) =>
        (await MeAsync(client, token)).Should().Be((HttpStatusCode.Unauthorized, Revoked), "the token was signed out");

    private static Task<(HttpStatusCode Status, string Challenge)> MeAsync(HttpClient client, string token) =>
        SendAsync(client, HttpMethod.Get, "/me", token);

    private static async Task<(HttpStatusCode Status, string Challenge)> SendAsync(HttpClient client, HttpMethod method, string path, string token)
    {
        using HttpRequestMessage request = new(method, path);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using HttpResponseMessage response = await client.SendAsync(request);
        return (response.StatusCode, response.Headers.WwwAuthenticate.ToString());
    }
}
