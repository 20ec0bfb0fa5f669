using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using StackExchange.Redis;

namespace JwtRevocation.Redis.Tests;

/// <summary>A redis-server (or redis-sentinel) process of this test alone, on loopback and a free port.</summary>
internal sealed class RedisServer : IAsyncDisposable
{
    private readonly string _executable;
    private readonly string[] _arguments;
    private Process? _process;

    private RedisServer(string executable, int port, string folder, string[] arguments)
    {
        _executable = executable;
        Port = port;
        Folder = folder;
        _arguments = arguments;
    }

    /// <summary>Whether this machine has one.</summary>
    public static bool IsInstalled { get; } = FindExecutable("redis-server") is not null;

    public int Port { get; }

    public string Folder { get; }

    public string Configuration => $"127.0.0.1:{Port}";

    /// <summary>Starts a server.</summary>
    /// <param name="arguments">As on its command line. Without any it keeps nothing on disk.</param>
    public static async Task<RedisServer> StartAsync(params string[] arguments)
    {
        RedisServer server = Create("redis-server", ["--save", "", "--appendonly", "no", .. arguments]);
        await server.StartProcessAsync();
        return server;
    }

    /// <summary>
    /// Starts a server on which the denylist has been in use: it has an epoch, so that a node need not wait for others.
    /// </summary>
    public static async Task<RedisServer> StartInUseAsync(params string[] arguments)
    {
        RedisServer server = await StartAsync(arguments);
        await server.CommandAsync("SET", RedisNamesInUse.Epoch, "in use");
        return server;
    }

    public static async Task<RedisServer> StartSentinelAsync(params string[] configuration)
    {
        RedisServer sentinel = Create("redis-sentinel", []);
        await File.WriteAllLinesAsync(Path.Combine(sentinel.Folder, "sentinel.conf"), [$"port {sentinel.Port}", "bind 127.0.0.1", .. configuration]);
        await sentinel.StartProcessAsync();
        return sentinel;
    }

    /// <summary>Starts it again, after a kill, on the same port and files.</summary>
    public Task RestartAsync() => StartProcessAsync();

    /// <summary>kill -9.</summary>
    public async Task KillAsync()
    {
        if (_process is { } process)
        {
            _process = null;
            Signal(process.Id, "KILL");
            await process.WaitForExitAsync();
            process.Dispose();
        }
    }

    /// <summary>SIGSTOP: the process is there and answers nothing.</summary>
    public void Stop() => Signal(_process!.Id, "STOP");

    /// <summary>SIGCONT.</summary>
    public void Continue() => Signal(_process!.Id, "CONT");

    /// <summary>Sends one command on a connection of its own.</summary>
    public async Task<RedisResult> CommandAsync(string command, params object[] arguments)
    {
        await using ConnectionMultiplexer redis = await ConnectAsync();
        return await redis.GetDatabase().ExecuteAsync(command, arguments);
    }

    public Task<ConnectionMultiplexer> ConnectAsync() =>
        ConnectionMultiplexer.ConnectAsync($"{Configuration},allowAdmin=true,connectTimeout=15000,connectRetry=5");

    /// <summary>The number of entries in the denylist.</summary>
    public async Task<long> CountAsync() => (long)await CommandAsync("ZCARD", RedisNamesInUse.Entries);

    /// <summary>How often each command was called, by name.</summary>
    public async Task<Dictionary<string, long>> CallsAsync()
    {
        string stats = (string)(await CommandAsync("INFO", "commandstats"))!;
        return stats.Split('\n')
            .Where(line => line.StartsWith("cmdstat_", StringComparison.Ordinal))
            .ToDictionary(
                line => line["cmdstat_".Length..line.IndexOf(':', StringComparison.Ordinal)],
                line => long.Parse(line[(line.IndexOf("calls=", StringComparison.Ordinal) + 6)..line.IndexOf(',', StringComparison.Ordinal)], System.Globalization.CultureInfo.InvariantCulture));
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        Directory.Delete(Folder, recursive: true);
    }

    public static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    public static void Signal(int process, string signal)
    {
        using Process kill = Process.Start("kill", [$"-{signal}", $"{process}"]);
        kill.WaitForExit();
    }

    private static RedisServer Create(string executable, string[] arguments) =>
        new(
            FindExecutable(executable) ?? throw new InvalidOperationException($"{executable} is not installed."),
            FreePort(),
            Directory.CreateTempSubdirectory("jwt-revocation-").FullName,
            arguments);

    private static string? FindExecutable(string name) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .Select(folder => Path.Combine(folder, name))
            .FirstOrDefault(File.Exists);

    private async Task StartProcessAsync()
    {
        bool isSentinel = _executable.EndsWith("sentinel", StringComparison.Ordinal);
        ProcessStartInfo start = new(_executable)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Folder,
        };
        string[] arguments = isSentinel
            ? [Path.Combine(Folder, "sentinel.conf")]
            : ["--port", $"{Port}", "--bind", "127.0.0.1", "--dir", Folder, .. _arguments];
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        _process = Process.Start(start)!;
        _process.OutputDataReceived += static (_, _) => { };
        _process.ErrorDataReceived += static (_, _) => { };
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        await Eventually.Async(AcceptsAsync, $"{_executable} accepts connections");
    }

    private async Task<bool> AcceptsAsync()
    {
        try
        {
            using TcpClient client = new();
            await client.ConnectAsync(IPAddress.Loopback, Port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}

/// <summary>The names of the denylist's keys, by the default prefix.</summary>
internal static class RedisNamesInUse
{
    public const string Entries = "{jwt-revocation}:entries";
    public const string Epoch = "{jwt-revocation}:epoch";
    public const string Lease = "{jwt-revocation}:lease";
    public const string Probe = "{jwt-revocation}:probe";
    public const string Hints = "{jwt-revocation}:hints";
}
