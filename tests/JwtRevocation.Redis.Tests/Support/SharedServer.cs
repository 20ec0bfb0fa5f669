namespace JwtRevocation.Redis.Tests;

/// <summary>A server that nodes share: redis-server where it is installed, or Garnet.</summary>
internal sealed class SharedServer(string kind, string configuration, IAsyncDisposable server) : IAsyncDisposable
{
    public string Kind { get; } = kind;

    public string Configuration { get; } = configuration;

    public static async Task<SharedServer> StartRedisAsync()
    {
        Assert.SkipUnless(RedisServer.IsInstalled, "redis-server is not installed: only Garnet was used.");
        RedisServer server = await RedisServer.StartInUseAsync();
        return Used(new("redis-server", server.Configuration, server));
    }

    public static async Task<SharedServer> StartGarnetAsync()
    {
        EmbeddedGarnet server = await EmbeddedGarnet.StartInUseAsync();
        return Used(new("Garnet", server.Configuration, server));
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    private static SharedServer Used(SharedServer server)
    {
        TestContext.Current.TestOutputHelper?.WriteLine($"On {server.Kind}.");
        return server;
    }
}
