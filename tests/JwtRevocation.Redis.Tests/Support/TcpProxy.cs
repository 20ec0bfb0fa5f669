using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace JwtRevocation.Redis.Tests;

/// <summary>Stands between a node and Redis, and does to the connections what networks do.</summary>
internal sealed class TcpProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentDictionary<Connection, byte> _connections = new();
    private readonly Task _accepting;

    public TcpProxy(int target)
    {
        Target = target;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public string Configuration => $"127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>The port that new connections go to, as of an address that follows the primary.</summary>
    public int Target { get; set; }

    /// <summary>New connections are closed at once.</summary>
    public bool Refuses { get; set; }

    /// <summary>What is sent in either direction arrives this much later.</summary>
    public TimeSpan Delay { get; set; }

    /// <summary>What is sent is cut in pieces of this size.</summary>
    public int ChunkSize { get; set; } = 64 * 1024;

    /// <summary>Connections of which nothing arrives any more, in either direction, though they stay open.</summary>
    public Func<Connection, bool> Swallows { get; set; } = static _ => false;

    /// <summary>Connections of which no answer arrives any more, though what is sent does.</summary>
    public Func<Connection, bool> SwallowsReplies { get; set; } = static _ => false;

    public int Connections => _connections.Count;

    public IReadOnlyCollection<Connection> Open => [.. _connections.Keys];

    /// <summary>Closes all connections.</summary>
    public void CloseAll()
    {
        foreach (Connection connection in _connections.Keys)
        {
            connection.Close();
        }
    }

    /// <summary>Cuts the node off: what is open is closed, and what is new is refused.</summary>
    public void Cut()
    {
        Refuses = true;
        CloseAll();
    }

    public void Mend() => Refuses = false;

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        _listener.Stop();
        CloseAll();
        await _accepting;
        _stopping.Dispose();
        _listener.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                TcpClient client = await _listener.AcceptTcpClientAsync(_stopping.Token);
                if (Refuses)
                {
                    client.Dispose();
                    continue;
                }

                _ = RunAsync(client);
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // It is disposed of.
        }
    }

    private async Task RunAsync(TcpClient client)
    {
        using TcpClient server = new();
        using (client)
        {
            Connection connection = new(client, server);
            _connections.TryAdd(connection, 0);
            try
            {
                client.NoDelay = server.NoDelay = true;
                await server.ConnectAsync(IPAddress.Loopback, Target, _stopping.Token);
                await Task.WhenAny(
                    PumpAsync(connection, client.GetStream(), server.GetStream(), isReply: false),
                    PumpAsync(connection, server.GetStream(), client.GetStream(), isReply: true));
            }
            catch (Exception exception) when (exception is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
            {
                // One of them has hung up.
            }
            finally
            {
                _connections.TryRemove(connection, out _);
            }
        }
    }

    private async Task PumpAsync(Connection connection, NetworkStream from, NetworkStream to, bool isReply)
    {
        byte[] buffer = new byte[64 * 1024];
        try
        {
            while (await from.ReadAsync(buffer.AsMemory(0, Math.Min(ChunkSize, buffer.Length)), _stopping.Token) is > 0 and int read)
            {
                if (!isReply)
                {
                    connection.HasSent(buffer.AsSpan(0, read));
                }

                if (Delay > TimeSpan.Zero)
                {
                    await Task.Delay(Delay, _stopping.Token);
                }

                if (!Swallows(connection) && !(isReply && SwallowsReplies(connection)))
                {
                    await to.WriteAsync(buffer.AsMemory(0, read), _stopping.Token);
                }
            }
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // One of them has hung up.
        }
    }

    /// <summary>A connection of the node's to Redis.</summary>
    internal sealed class Connection(TcpClient client, TcpClient server)
    {
        /// <summary>Whether it is the one that hints come by.</summary>
        public bool IsSubscription { get; private set; }

        /// <summary>Whether it has asked Redis to append an entry.</summary>
        public bool HasAppended { get; private set; }

        public void HasSent(ReadOnlySpan<byte> bytes)
        {
            IsSubscription |= bytes.IndexOf("SUBSCRIBE"u8) >= 0;
            HasAppended |= bytes.IndexOf("EVAL"u8) >= 0;
        }

        public void Close()
        {
            client.Close();
            server.Close();
        }
    }
}
