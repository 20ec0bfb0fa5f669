using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace JwtRevocation.EndToEnd;

/// <summary>A redis-server of one test alone, on loopback and a free port, on which the denylist has been in use.</summary>
internal sealed class RedisServer : IAsyncDisposable
{
    private readonly Process _process;

    private RedisServer(Process process, int port)
    {
        _process = process;
        Port = port;
    }

    public string Configuration => $"127.0.0.1:{Port}";

    private int Port { get; }

    public static async Task<RedisServer> StartAsync()
    {
        int port = FreePort();
        Process process = Process.Start(new ProcessStartInfo(
            "redis-server", ["--port", $"{port}", "--bind", "127.0.0.1", "--save", "", "--logfile", "/dev/null"]))!;
        RedisServer redis = new(process, port);
        while (!await redis.TrySetEpochAsync())
        {
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }

        return redis;
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    // As docs/redis.md says, for those who know that the Redis is new.
    private async Task<bool> TrySetEpochAsync()
    {
        try
        {
            using TcpClient client = new();
            await client.ConnectAsync(IPAddress.Loopback, Port);
            await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes("SET {jwt-revocation}:epoch new NX\r\n"));
            byte[] answer = new byte[16];
            return await client.GetStream().ReadAsync(answer) > 0;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
