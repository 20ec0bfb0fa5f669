using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Net.WebSockets;

namespace JwtRevocation.Benchmarks.Fleet;

/// <summary>
/// Open connections on two nodes, and how long it takes from the acknowledged revocation of a subject until its connections
/// have ended as their clients see it, on whichever node. The others must go on.
/// </summary>
internal static class ConnectionsProgram
{
    private const int ConnectionsOfSubject = 5;

    public static async Task<int> RunAsync(int ofEachKind, int revoked)
    {
        await using RedisProcess redis = await RedisProcess.StartAsync();
        using Child first = new("fleet-connections", redis.Configuration), second = new("fleet-connections", redis.Configuration);
        string[] urls = [await first.ReadLineAsync(), await second.ReadLineAsync()];
        using HttpClient client = new(new SocketsHttpHandler { MaxConnectionsPerServer = int.MaxValue }) { Timeout = Timeout.InfiniteTimeSpan };

        // Numbers 0 to 4 are of one subject, on both nodes and of both kinds, and so on.
        SampleTokens tokens = SampleTokens.Hs256();
        ConcurrentDictionary<int, long> ended = [];
        List<Task> reading = [];
        for (int number = 0; number < 2 * ofEachKind; number++)
        {
            string token = tokens.Encode(number / ConnectionsOfSubject);
            string url = urls[number / 2 % 2];
            reading.Add(number % 2 == 0
                ? await ReadSocketAsync(url, token, number, ended)
                : await ReadEventsAsync(client, url, token, number, ended));
        }

        Console.WriteLine($"{ofEachKind} WebSockets and {ofEachKind} event streams on two nodes; {revoked} subjects of {ConnectionsOfSubject} connections each are revoked");
        Dictionary<int, long> acknowledged = [];
        foreach (int subject in Enumerable.Range(0, revoked).Select(index => index * 2 * ofEachKind / ConnectionsOfSubject / revoked))
        {
            using HttpResponseMessage response = await client.PostAsync($"{urls[subject % 2]}/revoke/{subject}", content: null);
            response.EnsureSuccessStatusCode();
            acknowledged[subject] = Stopwatch.GetTimestamp();
        }

        int expected = revoked * ConnectionsOfSubject;
        for (int wait = 0; ended.Count < expected && wait < 1000; wait++)
        {
            await Task.Delay(10);
        }

        // Long enough for whatever else should not end.
        await Task.Delay(TimeSpan.FromSeconds(3));
        double[] took = [.. ended
            .Where(end => acknowledged.ContainsKey(end.Key / ConnectionsOfSubject))
            .Select(end => Math.Max(0, Stopwatch.GetElapsedTime(acknowledged[end.Key / ConnectionsOfSubject], end.Value).TotalMilliseconds))
            .Order()];
        int others = ended.Keys.Count(number => !acknowledged.ContainsKey(number / ConnectionsOfSubject));
        if (took.Length == 0)
        {
            Console.WriteLine("  none has ended");
            return 1;
        }

        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"  {took.Length} of {expected} ended, and {others} others; after the acknowledgement: median {At(took, 0.5):F2} ms, p99 {At(took, 0.99):F1} ms, most {took[^1]:F1} ms (target: p99 under 250)"));
        Console.WriteLine($"  still open: {reading.Count(static task => !task.IsCompleted)} of {(2 * ofEachKind) - expected}");
        return took.Length == expected && others == 0 && At(took, 0.99) < 250 ? 0 : 1;
    }

    private static double At(double[] sorted, double part) => sorted[(int)(part * (sorted.Length - 1))];

    // Returns once the connection is open; the task within, when it has ended.
    private static async Task<Task> ReadSocketAsync(string url, string token, int number, ConcurrentDictionary<int, long> ended)
    {
        ClientWebSocket socket = new();
        socket.Options.SetRequestHeader("Authorization", $"Bearer {token}");
        await socket.ConnectAsync(new Uri($"{url.Replace("http", "ws", StringComparison.Ordinal)}/socket"), CancellationToken.None);
        return ReadAsync();

        async Task ReadAsync()
        {
            try
            {
                byte[] buffer = new byte[64];
                while ((await socket.ReceiveAsync(buffer, CancellationToken.None)).MessageType != WebSocketMessageType.Close)
                {
                }
            }
            catch (WebSocketException)
            {
                // Broken off.
            }

            ended[number] = Stopwatch.GetTimestamp();
            socket.Dispose();
        }
    }

    private static async Task<Task> ReadEventsAsync(HttpClient client, string url, string token, int number, ConcurrentDictionary<int, long> ended)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, $"{url}/events");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        HttpResponseMessage response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        response.EnsureSuccessStatusCode();
        return ReadAsync();

        async Task ReadAsync()
        {
            try
            {
                await response.Content.CopyToAsync(Stream.Null);
            }
            catch (Exception exception) when (exception is IOException or HttpRequestException)
            {
                // Broken off.
            }

            ended[number] = Stopwatch.GetTimestamp();
            response.Dispose();
        }
    }
}
