using System.Buffers.Text;
using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Web;

namespace JwtRevocation.EndToEnd;

/// <summary>The browser of one user: it has the cookies of a session at the issuer, follows it, and submits its forms.</summary>
internal sealed partial class Browser(IndependentIssuer issuer) : IDisposable
{
    private readonly HttpClient _client =
        new(new SocketsHttpHandler { AllowAutoRedirect = false, CookieContainer = new() }) { BaseAddress = issuer.Address };

    /// <summary>The code flow with PKCE (RFC 7636), for the API as its resource (RFC 8707).</summary>
    public async Task<SignedIn> SignInAsync(string clientId, string user)
    {
        string verifier = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        string challenge = Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(verifier)));
        Uri arrival = await FollowAsync(
            $"/auth?response_type=code&client_id={clientId}&redirect_uri={Escape(IndependentIssuer.Callback)}&scope=openid%20orders" +
            $"&resource={Escape(IndependentIssuer.Api)}&code_challenge={challenge}&code_challenge_method=S256",
            form => form["prompt"] switch
            {
                "login" => [new("login", user), new("password", "any")],
                "consent" => [],
                string other => throw new InvalidOperationException($"The issuer asks for {other}."),
            });

        return await ExchangeAsync(clientId, HttpUtility.ParseQueryString(arrival.Query)["code"]!, verifier);
    }

    /// <summary>Ends the session at the issuer, for all of its clients (OpenID Connect RP-Initiated Logout).</summary>
    public Task SignOutAsync() => FollowAsync("/session/end", _ => [new("logout", "yes")]);

    public void Dispose() => _client.Dispose();

    private async Task<SignedIn> ExchangeAsync(string clientId, string code, string verifier)
    {
        using FormUrlEncodedContent request = new(
        [
            new("grant_type", "authorization_code"),
            new("client_id", clientId),
            new("code", code),
            new("code_verifier", verifier),
            new("redirect_uri", IndependentIssuer.Callback),
            new("resource", IndependentIssuer.Api),
        ]);
        using HttpResponseMessage response = await _client.PostAsync("/token", request);
        JsonElement answer = await response.Content.ReadFromJsonAsync<JsonElement>();
        response.StatusCode.Should().Be(HttpStatusCode.OK, answer.ToString());
        return new(answer.GetProperty("access_token").GetString()!, answer.GetProperty("id_token").GetString()!);
    }

    // Until the issuer sends the browser elsewhere, or has nothing to ask any more.
    private async Task<Uri> FollowAsync(string path, Func<Dictionary<string, string>, KeyValuePair<string, string>[]> fillIn)
    {
        Uri address = new(issuer.Address, path);
        HttpResponseMessage response = await _client.GetAsync(address);
        while (true)
        {
            using HttpResponseMessage current = response;
            string page = await current.Content.ReadAsStringAsync();
            if (current.Headers.Location is Uri next)
            {
                address = new(address, next);
                if (!issuer.Address.IsBaseOf(address))
                {
                    return address;
                }

                response = await _client.GetAsync(address);
            }
            else if (current.StatusCode == HttpStatusCode.OK && Action().Match(page) is { Success: true } action)
            {
                address = new(address, WebUtility.HtmlDecode(action.Groups[1].Value));
                Dictionary<string, string> form = HiddenInput().Matches(page).ToDictionary(
                    input => input.Groups[1].Value, input => WebUtility.HtmlDecode(input.Groups[2].Value));
                using FormUrlEncodedContent content = new([.. form, .. fillIn(form)]);
                response = await _client.PostAsync(address, content);
            }
            else
            {
                current.StatusCode.Should().Be(HttpStatusCode.OK, page);
                return address;
            }
        }
    }

    private static string Escape(string value) => Uri.EscapeDataString(value);

    [GeneratedRegex("""<form [^>]*\baction="([^"]+)"[^>]*>""")]
    private static partial Regex Action();

    [GeneratedRegex("""<input type="hidden" name="([^"]+)" value="([^"]*)"/>""")]
    private static partial Regex HiddenInput();
}

/// <summary>What a client of the issuer holds of a user who signed in with it.</summary>
internal sealed record SignedIn(string AccessToken, string IdToken);
