using Garnet;

namespace JwtRevocation.Redis.Tests;

/// <summary>A Garnet server in this process, which needs nothing installed.</summary>
internal sealed class EmbeddedGarnet : IAsyncDisposable
{
    private readonly GarnetServer _server;

    private EmbeddedGarnet(GarnetServer server, int port)
    {
        _server = server;
        Configuration = $"127.0.0.1:{port}";
    }

    public string Configuration { get; }

    public static async Task<EmbeddedGarnet> StartInUseAsync()
    {
        int port = RedisServer.FreePort();
        GarnetServer server = new(["--port", $"{port}", "--bind", "127.0.0.1", "--lua", "--memory", "64m", "--index", "1m"]);
        server.Start();
        EmbeddedGarnet garnet = new(server, port);
        await using StackExchange.Redis.ConnectionMultiplexer redis = await StackExchange.Redis.ConnectionMultiplexer.ConnectAsync(garnet.Configuration);
        await redis.GetDatabase().StringSetAsync(RedisNamesInUse.Epoch, "in use");
        return garnet;
    }

    public ValueTask DisposeAsync()
    {
        _server.Dispose();
        return ValueTask.CompletedTask;
    }
}
