using JwtRevocation.StoreContract;

namespace JwtRevocation.Redis.Tests;

/// <summary>The contract of every store, with Redis behind it.</summary>
public sealed class RedisStoreContractTests : SharedStoreContractTests
{
    private protected override Task<SharedServer> StartServerAsync() => SharedServer.StartRedisAsync();
}

/// <summary>The same with Garnet, which is in this process and so is there on every machine.</summary>
public sealed class GarnetStoreContractTests : SharedStoreContractTests
{
    private protected override Task<SharedServer> StartServerAsync() => SharedServer.StartGarnetAsync();
}

public abstract class SharedStoreContractTests : RevokedTokenStoreContract, IAsyncLifetime
{
    private readonly List<Node> _nodes = [];
    private SharedServer? _server;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        try
        {
            foreach (Node node in _nodes)
            {
                await node.DisposeAsync();
            }
        }
        finally
        {
            await (_server?.DisposeAsync() ?? ValueTask.CompletedTask);
        }
    }

    private protected abstract Task<SharedServer> StartServerAsync();

    protected override async ValueTask<IRevokedTokenStore> CreateStoreAsync()
    {
        _server ??= await StartServerAsync();

        Node node = await Node.StartAsync(_server.Configuration);
        _nodes.Add(node);
        return node.Store;
    }
}
