using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using StackExchange.Redis;

namespace JwtRevocation.Benchmarks.Fleet;

/// <summary>A redis-server of this run alone, on loopback, that keeps nothing on disk.</summary>
internal sealed class RedisProcess : IAsyncDisposable
{
    private readonly int _port = FreePort();
    private Process? _process;

    private RedisProcess()
    {
    }

    public string Configuration => $"127.0.0.1:{_port}";

    /// <summary>Starts one on which the denylist has been in use, so that no node waits for others.</summary>
    public static async Task<RedisProcess> StartAsync()
    {
        RedisProcess redis = new();
        await redis.RestartAsync();
        await using ConnectionMultiplexer connection = await redis.ConnectAsync();
        await connection.GetDatabase().StringSetAsync("{jwt-revocation}:epoch", "in use");
        return redis;
    }

    public async Task RestartAsync()
    {
        _process = Process.Start(new ProcessStartInfo(
            "redis-server", ["--port", $"{_port}", "--bind", "127.0.0.1", "--save", "", "--logfile", "/dev/null", "--enable-debug-command", "yes"])
        {
            RedirectStandardOutput = true,
        })!;

        // Not by the client of ConnectAsync, which waits for seconds before it tries a second time: nodes would have been at work by then.
        while (true)
        {
            try
            {
                using TcpClient client = new();
                await client.ConnectAsync(IPAddress.Loopback, _port);
                return;
            }
            catch (SocketException)
            {
                await Task.Delay(20);
            }
        }
    }

    public Task<ConnectionMultiplexer> ConnectAsync() => ConnectionMultiplexer.ConnectAsync($"{Configuration},allowAdmin=true,connectRetry=1,syncTimeout=60000,asyncTimeout=60000");

    public async Task KillAsync()
    {
        _process!.Kill();
        await _process.WaitForExitAsync();
    }

    public void Stop() => Signal("STOP");

    public void Continue() => Signal("CONT");

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _process!.Dispose();
    }

    private static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private void Signal(string signal)
    {
        using Process kill = Process.Start("kill", [$"-{signal}", $"{_process!.Id}"]);
        kill.WaitForExit();
    }
}
