using JwtRevocation.Tests;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using StackExchange.Redis;

namespace JwtRevocation.Redis.Tests.Faults;

/// <summary>A user in Redis who may do just what is needed, and one from whom some of that is taken away.</summary>
public sealed class RightsTests
{
    /// <summary>All that a node needs. "INFO" tells the eviction policy and who is the primary; the client proves a connection by "ECHO".</summary>
    private const string LeastRights =
        "~{jwt-revocation}:* &{jwt-revocation}:* "
        + "+eval +evalsha +script|load +multi +exec +select +zrevrangebyscore +zrangebyscore +zscore +zadd +zrem +get +set +expire +pexpire +pttl +time "
        + "+publish +subscribe +unsubscribe +ping +echo +info";

    // What the client tries when it connects, and does without.
    private static readonly string[] Dispensable =
        ["client|id", "client|setname", "client|setinfo", "config|get", "cluster|nodes", "cluster|slots", "__Booksleeve_TieBreak"];

    [Fact]
    public async Task Fault_21_the_least_rights_suffice()
    {
        Assert.SkipUnless(RedisServer.IsInstalled, "redis-server is not installed.");
        await using RedisServer redis = await StartAsync();

        // More than one batch.
        DateTimeOffset expires = TimeProvider.System.GetUtcNow() + TimeSpan.FromHours(1);
        await redis.CommandAsync(
            "ZADD", [RedisNamesInUse.Entries, .. Enumerable.Range(1, 600).SelectMany(i => new object[] { i, RawEntry.Token((UInt128)i, expires) })]);
        await using Node one = await Node.StartAsync(Configuration(redis), Slow);
        await using Node other = await Node.StartAsync(Configuration(redis), Slow);
        string first = TestTokens.Create();
        await one.RevokeAsync(first);
        await Eventually.Async(() => other.RefusesAsync(first), "a hint tells the other node", TimeSpan.FromSeconds(4));

        // Whole reads, the lease, writing back and taking away what has lapsed.
        await redis.CommandAsync("FLUSHALL");
        await redis.CommandAsync("SET", RedisNamesInUse.Lease, "somebody whose lease is too long", "PX", 3_600_000);
        await redis.CommandAsync("ZADD", RedisNamesInUse.Entries, 1, RawEntry.Token(1, TimeProvider.System.GetUtcNow() - TimeSpan.FromDays(1)));
        string second = TestTokens.Create();
        await one.RevokeAsync(second);
        await new[] { one, other }.HealAsync(first, second);
        await Eventually.Async(async () => (long)await redis.CommandAsync("EXISTS", RedisNamesInUse.Epoch) == 1, "the log has an epoch again");

        await Eventually.Async(async () => await redis.CountAsync() == 602, "everything is written back, and what has lapsed taken away");

        RedisResult[] denied = (RedisResult[])(await redis.CommandAsync("ACL", "LOG"))!;
        string[] objects = [.. denied.Select(entry => (string)entry.ToDictionary()["object"]!)];
        objects.Except(Dispensable).Should().BeEmpty();
        (await redis.CallsAsync()).Should().ContainKeys("zrem", "pexpire", "publish", "subscribe");
        Observed.Write(21, $"suffices, with 'configChannel=' in the configuration: {LeastRights}");
    }

    [Fact]
    public async Task Fault_21_without_the_right_to_write_what_is_revoked_stays_so_and_it_is_reported()
    {
        Assert.SkipUnless(RedisServer.IsInstalled, "redis-server is not installed.");
        await using RedisServer redis = await StartAsync();
        await using Node one = await Node.StartAsync(Configuration(redis));
        await using Node other = await Node.StartAsync(Configuration(redis));
        string kept = TestTokens.Create();
        await one.RevokeAsync(kept);

        await GrantAsync(redis, "-@write");
        string refused = await one.SignOutFailsAsync();

        TimeSpan reported = await other.ReportsAsync(HealthStatus.Degraded, "Redis takes no writes ('ERR The user executing the script");
        await one.ReportsAsync(HealthStatus.Degraded, "has not acknowledged");
        await Task.WhenAll(one.StaysReadyAsync(), other.StaysReadyAsync());
        (await other.RefusesAsync(kept)).Should().BeTrue();
        (await redis.CountAsync()).Should().Be(1);

        // Then it may be the old primary, too, or a replica, though it goes on to speak of rights.
        await redis.CommandAsync("CONFIG", "SET", "min-replicas-to-write", "1");
        await other.TurnsUnknownAsync();
        await redis.CommandAsync("CONFIG", "SET", "min-replicas-to-write", "0");
        await new[] { other }.AgreeAsync([kept]);
        await redis.CommandAsync("REPLICAOF", "127.0.0.1", "1");
        await other.TurnsUnknownAsync();
        await redis.CommandAsync("REPLICAOF", "NO", "ONE");

        await GrantAsync(redis, LeastRights);
        TimeSpan healed = await new[] { one, other }.HealAsync(kept, refused);
        Observed.Write(21, $"writing taken away: sign-out 503, reported in {reported.In()}, both nodes stay ready; without replicas, or as a replica, unknown; healed in {healed.In()}");
    }

    [Fact]
    public async Task Fault_21_without_the_right_to_read_a_node_turns_unknown()
    {
        Assert.SkipUnless(RedisServer.IsInstalled, "redis-server is not installed.");
        await using RedisServer redis = await StartAsync();
        await using Node one = await Node.StartAsync(Configuration(redis));
        await using Node other = await Node.StartAsync(Configuration(redis));
        string kept = TestTokens.Create();
        await one.RevokeAsync(kept);
        await Eventually.Async(() => other.RefusesAsync(kept), "the other node refuses the token");

        await GrantAsync(redis, "-zrangebyscore");
        TimeSpan unknown = await other.TurnsUnknownAsync();
        (await other.RefusesAsync(kept)).Should().BeTrue("what is revoked stays so");
        (await other.HealthAsync()).Status.Should().Be(HealthStatus.Unhealthy);

        await GrantAsync(redis, LeastRights);
        TimeSpan healed = await new[] { one, other }.HealAsync(kept);
        Observed.Write(21, $"reading taken away: unknown in {unknown.In()}, healed in {healed.In()}");
    }

    [Fact]
    public async Task Fault_21_without_the_channel_revocations_arrive_by_the_poll_and_it_is_reported()
    {
        Assert.SkipUnless(RedisServer.IsInstalled, "redis-server is not installed.");
        await using RedisServer redis = await StartAsync();
        await using Node one = await Node.StartAsync(Configuration(redis));
        await using Node other = await Node.StartAsync(Configuration(redis));

        await GrantAsync(redis, "resetchannels");
        List<string> revoked = [];
        List<TimeSpan> known = [];
        for (int i = 0; i < 5; i++)
        {
            string token = TestTokens.Create();
            await one.RevokeAsync(token);
            revoked.Add(token);
            known.Add(await Eventually.Async(() => other.RefusesAsync(token), "the other node reads it", Node.MaxStaleness));
        }

        await one.ReportsAsync(HealthStatus.Degraded, "does not let this node tell others at once");
        await other.ReportsAsync(HealthStatus.Degraded, "does not let this node hear of revocations at once");

        await GrantAsync(redis, LeastRights);
        TimeSpan healed = await Eventually.Async(
            async () =>
            {
                string token = TestTokens.Create();
                await one.RevokeAsync(token);
                revoked.Add(token);
                await Task.Delay(Node.PollInterval, TestContext.Current.CancellationToken);
                return (await one.HealthAsync()).Status == HealthStatus.Healthy && (await other.HealthAsync()).Status == HealthStatus.Healthy;
            },
            "hints arrive again",
            TimeSpan.FromSeconds(60));
        await new[] { one, other }.HealAsync(revoked);
        Observed.Write(21, $"the channel taken away: sign-out 200, known in {known.Max().In()} at most, reported; hints arrive again {healed.In()} after it was given back");
    }

    private static string Configuration(RedisServer redis) => $"{redis.Configuration},user=app,password=secret,configChannel=";

    private static async Task<RedisServer> StartAsync()
    {
        RedisServer redis = await RedisServer.StartInUseAsync();
        await GrantAsync(redis, "on >secret " + LeastRights);
        return redis;
    }

    private static Task<RedisResult> GrantAsync(RedisServer redis, string rights) => redis.CommandAsync("ACL", ["SETUSER", "app", .. rights.Split(' ')]);

    private static void Slow(RedisStoreOptions options)
    {
        // No whole seconds: the client shortens or renews the lease by PEXPIRE then.
        options.PollInterval = TimeSpan.FromSeconds(4.5);
        options.MaxStaleness = TimeSpan.FromSeconds(60);
    }
}
