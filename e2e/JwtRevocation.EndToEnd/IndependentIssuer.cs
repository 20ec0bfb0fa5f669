using System.Net;
using System.Net.Http.Json;

namespace JwtRevocation.EndToEnd;

/// <summary>oidc-provider, run by Node: an OpenID provider that sends its logout tokens as it sees fit.</summary>
internal sealed class IndependentIssuer : IAsyncDisposable
{
    /// <summary>The API, as the resource that access tokens are for.</summary>
    public const string Api = "https://api.example/orders";

    /// <summary>Where the provider sends the browser back to; nothing listens there, the code is in the address.</summary>
    public const string Callback = "https://app.example/signed-in";

    private static readonly string Folder = Path.Combine(Repository.Root, "e2e", "independent-issuer");

    private readonly RunningApp _app;

    private IndependentIssuer(RunningApp app) => _app = app;

    public Uri Address => _app.Address;

    public static async Task<IndependentIssuer> StartAsync()
    {
        string installed = Path.Combine(Folder, "node_modules", "oidc-provider", "package.json");
        Repository.Made(installed, "npm ci --ignore-scripts --prefix e2e/independent-issuer");
        return new(await RunningApp.StartAsync("node", ["provider.js"], Folder));
    }

    /// <param name="clientId">Of an app that runs in the browser, so that it has no secret.</param>
    /// <param name="logoutAddress">Of the API's receiver of logout tokens.</param>
    /// <param name="sessionRequired">Whether logout tokens, and access tokens here, have a <c>sid</c>.</param>
    public async Task RegisterClientAsync(string clientId, Uri logoutAddress, bool sessionRequired)
    {
        using HttpResponseMessage response = await _app.Client.PostAsJsonAsync("/reg", new
        {
            client_name = clientId,
            redirect_uris = new[] { Callback },
            token_endpoint_auth_method = "none",
            backchannel_logout_uri = logoutAddress,
            backchannel_logout_session_required = sessionRequired,
        });
        response.StatusCode.Should().Be(HttpStatusCode.Created, await response.Content.ReadAsStringAsync());
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
