using StackExchange.Redis;

namespace JwtRevocation.Redis.Tests.Faults;

/// <summary>A primary, a replica whose link can be made to lag, and an address that follows whichever is the primary.</summary>
internal sealed class ReplicatedServers : IAsyncDisposable
{
    private readonly TcpProxy _link;

    private ReplicatedServers(RedisServer primary, TcpProxy link, RedisServer replica)
    {
        Primary = primary;
        _link = link;
        Replica = replica;
        Address = new(primary.Port);
    }

    public RedisServer Primary { get; }

    public RedisServer Replica { get; }

    /// <summary>Where the nodes find the primary.</summary>
    public TcpProxy Address { get; }

    public static async Task<ReplicatedServers> StartAsync()
    {
        RedisServer primary = await RedisServer.StartInUseAsync("--repl-diskless-sync-delay", "0");
        TcpProxy link = new(primary.Port);
        RedisServer replica = await RedisServer.StartAsync("--replicaof", "127.0.0.1", $"{link.Port}");
        await IsInSyncAsync(replica);
        return new(primary, link, replica);
    }

    public static Task IsInSyncAsync(RedisServer replica) =>
        Eventually.Async(
            async () => ((string)(await replica.CommandAsync("INFO", "replication"))!).Contains("master_link_status:up", StringComparison.Ordinal),
            "the replica is in sync");

    /// <summary>Waits until the replica has so many entries, and has it lag from then on.</summary>
    public async Task LagAfterAsync(int entries)
    {
        await Eventually.Async(async () => await Replica.CountAsync() == entries, "the replica has what the primary has");
        _link.Swallows = static _ => true;
    }

    /// <summary>Kills the primary and makes the replica the primary, which the address does not follow yet.</summary>
    public async Task FailOverAsync()
    {
        await Primary.KillAsync();
        await Replica.CommandAsync("REPLICAOF", "NO", "ONE");
    }

    public static async Task<long> LastPositionAsync(RedisServer server)
    {
        await using ConnectionMultiplexer redis = await server.ConnectAsync();
        SortedSetEntry[] last = await redis.GetDatabase().SortedSetRangeByRankWithScoresAsync(RedisNamesInUse.Entries, -1, -1);
        return (long)last[0].Score;
    }

    public async ValueTask DisposeAsync()
    {
        await Address.DisposeAsync();
        await Replica.DisposeAsync();
        await _link.DisposeAsync();
        await Primary.DisposeAsync();
    }
}
