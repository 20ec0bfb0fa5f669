using JwtRevocation.Tests;

namespace JwtRevocation.Redis.Tests.Faults;

/// <summary>A log that is shorter, when a node comes back, than it was when it left.</summary>
public sealed class TrimmedLogTests
{
    [Fact]
    public async Task Fault_27_a_node_whose_position_was_trimmed_reads_everything_again()
    {
        Assert.SkipUnless(RedisServer.IsInstalled, "redis-server is not installed.");
        await using RedisServer redis = await RedisServer.StartInUseAsync();
        await using TcpProxy proxy = new(redis.Port);
        await using Node one = await Node.StartAsync(redis.Configuration);
        await using Node away = await Node.StartAsync(proxy.Configuration);

        // As nobody tells anybody of: who refuses them has read on to their position.
        string[] first = [.. Enumerable.Range(0, 2).Select(_ => TestTokens.Create())];
        await redis.CommandAsync("ZADD", [RedisNamesInUse.Entries, .. first.SelectMany((token, i) => new object[] { i + 1, RawEntry.Token(token) })]);
        await Eventually.Async(
            async () => await one.RefusesAllAsync(first) && await away.RefusesAllAsync(first), "both have read the first ones");

        proxy.Cut();
        string[] second = await RevokeAsync(one, 10);
        long trimmed = (long)await redis.CommandAsync("ZREMRANGEBYSCORE", RedisNamesInUse.Entries, 0, 2);
        trimmed.Should().Be(2);
        TimeSpan unknown = await away.TurnsUnknownAsync();

        proxy.Mend();
        TimeSpan healed = await new[] { one, away }.HealAsync([.. first, .. second]);

        // Or, on a machine so busy that a read was given up after 5 s, that it could not be read: then a loss is no surprise.
        away.Messages.Should().Contain(message =>
            message.StartsWith("Warning 11: The shared log is not what it was", StringComparison.Ordinal)
            || message.StartsWith("Warning 9: The shared log cannot be read", StringComparison.Ordinal));
        await Eventually.Async(async () => await redis.CountAsync() == 12, "what was live is written back");
        Observed.Write(27, $"cut off: unknown in {unknown.In()}; back: read everything, all nodes agree in {healed.In()}, the 2 live entries that were trimmed are back");
    }

    [Fact]
    public async Task Fault_27_the_last_entry_is_not_removed_whichever_it_is_by_then()
    {
        Assert.SkipUnless(RedisServer.IsInstalled, "redis-server is not installed.");
        await using RedisServer redis = await RedisServer.StartInUseAsync();
        await redis.CommandAsync("ZADD", RedisNamesInUse.Entries, 1, "first", 2, "second", 3, "third");
        string script = (string)typeof(RedisStoreOptions).Assembly.GetType("JwtRevocation.Redis.RedisScripts", throwOnError: true)!
            .GetField("Remove")!.GetRawConstantValue()!;

        // As a node does that has read a fourth one, which a failover has lost since.
        await redis.CommandAsync("EVAL", script, 1, RedisNamesInUse.Entries, 0, "first", "second", "third");

        ((string[])(await redis.CommandAsync("ZRANGE", RedisNamesInUse.Entries, 0, -1))!).Should().Equal("third");
    }

    private static async Task<string[]> RevokeAsync(Node node, int count)
    {
        string[] tokens = [.. Enumerable.Range(0, count).Select(_ => TestTokens.Create())];
        foreach (string token in tokens)
        {
            await node.RevokeAsync(token);
        }

        return tokens;
    }
}
