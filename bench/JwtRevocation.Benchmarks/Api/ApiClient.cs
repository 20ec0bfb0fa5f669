using System.Net;
using System.Net.Http.Headers;

namespace JwtRevocation.Benchmarks.Api;

/// <summary>Asks an API with single tokens, to see that it does what it is measured for.</summary>
internal sealed class ApiClient(ApiKeys keys) : IDisposable
{
    private readonly HttpClient _client = new();

    /// <summary>Waits until it can say what was revoked: one on Redis needs a moment.</summary>
    public async Task WaitUntilReadyAsync(string url)
    {
        while (await StatusAsync(url, 0) == HttpStatusCode.ServiceUnavailable)
        {
            await Task.Delay(20);
        }
    }

    /// <param name="url">What to ask for.</param>
    /// <param name="number">The number of the token.</param>
    public async Task<HttpStatusCode> StatusAsync(string url, int number)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, url);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", ApiTokens.Encode(number, keys.Hs256));
        using HttpResponseMessage response = await _client.SendAsync(request);
        return response.StatusCode;
    }

    public void Dispose() => _client.Dispose();
}
