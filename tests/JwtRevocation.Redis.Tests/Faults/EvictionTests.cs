using JwtRevocation.Tests;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace JwtRevocation.Redis.Tests.Faults;

/// <summary>A Redis that drops the whole denylist as one key, to make room.</summary>
public sealed class EvictionTests
{
    [Fact]
    public async Task Fault_19_eviction_is_warned_of_at_the_start_and_heals()
    {
        Assert.SkipUnless(RedisServer.IsInstalled, "redis-server is not installed.");
        await using RedisServer redis = await RedisServer.StartInUseAsync("--maxmemory-policy", "allkeys-lru");
        await using Node one = await Node.StartAsync(redis.Configuration);
        await using Node other = await Node.StartAsync(redis.Configuration);
        one.Messages.Should().Contain(message => message.Contains("maxmemory-policy is 'allkeys-lru'", StringComparison.Ordinal));
        await other.ReportsAsync(HealthStatus.Degraded, "maxmemory-policy is 'allkeys-lru'");
        string[] revoked = [.. Enumerable.Range(0, 20).Select(_ => TestTokens.Create())];
        foreach (string token in revoked)
        {
            await one.RevokeAsync(token);
        }

        await Eventually.Async(() => other.RefusesAllAsync(revoked), "the other node refuses all of them");

        await redis.CommandAsync("CONFIG", "SET", "maxmemory", "1");
        await Eventually.Async(async () => await redis.CountAsync() == 0, "Redis has evicted the denylist");
        await Eventually.NeverAsync(
            async () => !await one.RefusesAllAsync(revoked) || !await other.RefusesAllAsync(revoked),
            "a node accepts a revoked token",
            Node.MaxStaleness + TimeSpan.FromSeconds(1));

        await redis.CommandAsync("CONFIG", "SET", "maxmemory", "0");
        TimeSpan healed = await Eventually.Async(async () => await redis.CountAsync() == 20, "the nodes have written everything back");
        await using Node late = await Node.StartAsync(redis.Configuration);
        (await late.RefusesAllAsync(revoked)).Should().BeTrue();
        Observed.Write(19, $"warned at the start; evicted, no revoked token was accepted; 20 entries written back {healed.In()} after there was memory");
    }

    [Fact]
    public async Task Fault_19_a_policy_that_spares_the_denylist_is_not_warned_of()
    {
        Assert.SkipUnless(RedisServer.IsInstalled, "redis-server is not installed.");
        await using RedisServer redis = await RedisServer.StartInUseAsync("--maxmemory-policy", "volatile-lru");
        await using Node one = await Node.StartAsync(redis.Configuration);
        await using Node other = await Node.StartAsync(redis.Configuration);
        string revoked = TestTokens.Create();
        await one.RevokeAsync(revoked);

        await redis.CommandAsync("CONFIG", "SET", "maxmemory", "1");
        string refused = await one.SignOutFailsAsync();
        (await redis.CountAsync()).Should().Be(1, "it was not evicted");

        await redis.CommandAsync("CONFIG", "SET", "maxmemory", "0");
        await new[] { one, other }.HealAsync(revoked, refused);
        one.Messages.Should().NotContain(message => message.Contains("maxmemory-policy", StringComparison.Ordinal));
    }
}
