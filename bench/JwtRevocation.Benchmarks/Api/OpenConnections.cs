using System.Net.Http.Headers;
using Microsoft.AspNetCore.Http;

namespace JwtRevocation.Benchmarks.Api;

/// <summary>Connections that an API has open to itself while it is under load. Nothing is sent over them.</summary>
internal sealed class OpenConnections : IDisposable
{
    private const int Count = 1_000;

    private readonly HttpClient _client = new(new SocketsHttpHandler { MaxConnectionsPerServer = Count });

    private OpenConnections()
    {
    }

    public static async Task<OpenConnections> OpenAsync(string url, ApiKeys keys)
    {
        OpenConnections connections = new();
        for (int number = 0; number < Count; number++)
        {
            using HttpRequestMessage request = new(HttpMethod.Get, $"{url}/open");
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", ApiTokens.Encode(number, keys.Hs256));
            HttpResponseMessage response = await connections._client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            response.EnsureSuccessStatusCode();
        }

        return connections;
    }

    /// <summary>The endpoint.</summary>
    public static async Task WaitAsync(HttpContext context)
    {
        await context.Response.StartAsync(context.RequestAborted);
        await context.Response.Body.FlushAsync(context.RequestAborted);
        await Task.Delay(Timeout.InfiniteTimeSpan, context.RequestAborted);
    }

    public void Dispose() => _client.Dispose();
}
