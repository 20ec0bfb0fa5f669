using StackExchange.Redis;

namespace JwtRevocation.Redis.Tests.Faults;

/// <summary>The log comes to the same position again, with something else.</summary>
public sealed class ReusedPositionTests
{
    [Fact]
    public async Task Fault_14_a_position_that_was_reused_is_found_by_its_content()
    {
        Assert.SkipUnless(RedisServer.IsInstalled, "redis-server is not installed.");
        await using RedisServer server = await RedisServer.StartInUseAsync();
        await using Node one = await Node.StartAsync(server.Configuration);
        await using Node other = await Node.StartAsync(server.Configuration);
        await using SafetyWatch watch = new(one, other);
        await watch.RevokeAsync(one, 20);
        await new[] { one, other }.AgreeAsync(watch.Tokens);
        await new[] { one, other }.HaveReadOnAsync();
        (string newToken, RedisValue newEntry) = await EntryFromElsewhereAsync();
        long last = await ReplicatedServers.LastPositionAsync(server);

        // In one go, and with the epoch that there was: nothing but the content of the last entry tells.
        await using ConnectionMultiplexer redis = await server.ConnectAsync();
        ITransaction transaction = redis.GetDatabase().CreateTransaction();
        Task<bool> deleting = transaction.KeyDeleteAsync(RedisNamesInUse.Entries);
        Task<bool> adding = transaction.SortedSetAddAsync(RedisNamesInUse.Entries, newEntry, last);
        (await transaction.ExecuteAsync()).Should().BeTrue();
        await Task.WhenAll(deleting, adding);
        watch.Acknowledged(newToken);

        TimeSpan known = await new[] { one, other }.AgreeAsync(watch.Tokens);
        TimeSpan healed = known + await Eventually.Async(async () => await server.CountAsync() == watch.Tokens.Length, "what was deleted is back");
        await server.HoldsAsync(watch.Tokens);

        watch.AssertHeld();
        Observed.Write(14, $"the new entry was known after {known.In()}, the 20 that were deleted back after {healed.In()}");
    }

    [Fact]
    public async Task Fault_14_after_DEL_and_other_revocations_nothing_old_or_new_is_missing()
    {
        Assert.SkipUnless(RedisServer.IsInstalled, "redis-server is not installed.");
        await using RedisServer server = await RedisServer.StartInUseAsync();
        await using TcpProxy proxy = new(server.Port);
        await using Node one = await Node.StartAsync(proxy.Configuration);
        await using Node other = await Node.StartAsync(proxy.Configuration);
        await using SafetyWatch watch = new(one, other);
        await watch.RevokeAsync(one, 20);
        await new[] { one, other }.AgreeAsync(watch.Tokens);
        await new[] { one, other }.HaveReadOnAsync();

        // While nobody looks, and by a node that knows nothing of what was there before.
        proxy.Cut();
        await server.CommandAsync("DEL", RedisNamesInUse.Entries);
        await using Node writer = await Node.StartAsync(server.Configuration);
        await watch.RevokeAsync(writer, 30);
        proxy.Mend();

        TimeSpan healed = await new[] { one, other, writer }.AgreeAsync(watch.Tokens);
        await server.HoldsAsync(watch.Tokens);
        watch.AssertHeld();
        Observed.Write(14, $"20 deleted while 30 others were written: all nodes have all {healed.In()} after they were back");
    }

    /// <summary>A token, and the entry by which a node on another server has revoked it.</summary>
    private static async Task<(string Token, RedisValue Entry)> EntryFromElsewhereAsync()
    {
        await using RedisServer elsewhere = await RedisServer.StartInUseAsync();
        await using Node node = await Node.StartAsync(elsewhere.Configuration);
        await using SafetyWatch watch = new(node);
        string token = (await watch.RevokeAsync(node))[0];
        await using ConnectionMultiplexer redis = await elsewhere.ConnectAsync();
        return (token, (await redis.GetDatabase().SortedSetRangeByRankAsync(RedisNamesInUse.Entries))[0]);
    }
}
