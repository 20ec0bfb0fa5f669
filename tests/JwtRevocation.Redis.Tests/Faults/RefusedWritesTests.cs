using System.Globalization;
using JwtRevocation.Tests;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace JwtRevocation.Redis.Tests.Faults;

/// <summary>A Redis that answers, but takes no writes: what it has not taken nobody is told is done.</summary>
public sealed class RefusedWritesTests
{
    [Fact]
    public async Task Fault_18_out_of_memory_a_revocation_succeeds_or_throws()
    {
        Assert.SkipUnless(RedisServer.IsInstalled, "redis-server is not installed.");
        await using RedisServer redis = await RedisServer.StartInUseAsync();
        await using Node one = await Node.StartAsync(redis.Configuration);
        await using Node other = await Node.StartAsync(redis.Configuration);
        string kept = TestTokens.Create();
        await one.RevokeAsync(kept);

        await redis.CommandAsync("CONFIG", "SET", "maxmemory", "1");
        string refused = await one.SignOutFailsAsync();

        (await redis.CountAsync()).Should().Be(1, "nothing was half written");
        TimeSpan reported = await other.ReportsAsync(HealthStatus.Degraded, "Redis takes no writes ('OOM");
        await one.ReportsAsync(HealthStatus.Degraded, "has not acknowledged");
        await Task.WhenAll(one.StaysReadyAsync(), other.StaysReadyAsync());
        (await other.RefusesAsync(kept)).Should().BeTrue();
        (await other.AcceptsAsync(refused)).Should().BeTrue("nobody was told that it is revoked");

        await redis.CommandAsync("CONFIG", "SET", "maxmemory", "0");
        TimeSpan healed = await new[] { one, other }.HealAsync(kept, refused);
        (await redis.CountAsync()).Should().Be(2);
        Observed.Write(18, $"sign-out 503, both nodes stay ready, reported in {reported.In()}, healed in {healed.In()} with one entry each");
    }

    [Fact]
    public async Task Fault_18_when_memory_runs_out_midway_each_revocation_has_succeeded_or_thrown()
    {
        Assert.SkipUnless(RedisServer.IsInstalled, "redis-server is not installed.");
        await using RedisServer redis = await RedisServer.StartInUseAsync();
        await using Node one = await Node.StartAsync(redis.Configuration);
        await using Node other = await Node.StartAsync(redis.Configuration);
        await redis.CommandAsync("CONFIG", "SET", "maxmemory", $"{await UsedMemoryAsync(redis) + 500_000}");

        List<string> acknowledged = [];
        List<string> failed = [];
        for (int i = 0; i < 60; i++)
        {
            string token = TestTokens.Create();
            try
            {
                await one.Revoker.RevokeAsync(token, new() { Reason = new('x', 20_000) }, TestContext.Current.CancellationToken);
                acknowledged.Add(token);
            }
            catch (RevocationFailedException)
            {
                failed.Add(token);
            }
        }

        failed.Should().NotBeEmpty("there was not memory for all of them");
        await Eventually.Async(() => other.RefusesAllAsync(acknowledged), "the other node refuses what was acknowledged", Node.MaxStaleness);
        (await redis.CountAsync()).Should().BeInRange(acknowledged.Count, 60);

        await redis.CommandAsync("CONFIG", "SET", "maxmemory", "0");
        TimeSpan healed = await new[] { one, other }.HealAsync([.. acknowledged, .. failed]);
        (await redis.CountAsync()).Should().Be(60, "each is there once");
        Observed.Write(18, $"memory ran out midway: {acknowledged.Count} acknowledged, {failed.Count} thrown, all 60 there {healed.In()} after memory was given");
    }

    [Fact]
    public async Task Fault_18_memory_that_is_full_of_what_has_lapsed_is_made_free()
    {
        Assert.SkipUnless(RedisServer.IsInstalled, "redis-server is not installed.");
        await using RedisServer redis = await RedisServer.StartInUseAsync();
        DateTimeOffset yesterday = TimeProvider.System.GetUtcNow() - TimeSpan.FromDays(1);
        await redis.CommandAsync(
            "ZADD",
            [
                RedisNamesInUse.Entries,
                .. Enumerable.Range(1, 20_000).SelectMany(i => new object[] { i, RawEntry.Token((UInt128)i, yesterday) }),
            ]);
        await using Node one = await Node.StartAsync(redis.Configuration);
        await using Node other = await Node.StartAsync(redis.Configuration);
        string kept = TestTokens.Create();
        await one.RevokeAsync(kept);
        await Eventually.Async(() => other.RefusesAsync(kept), "the other node refuses the token");

        await redis.CommandAsync("CONFIG", "SET", "maxmemory", $"{await UsedMemoryAsync(redis) - 500_000}");
        string refused = await one.SignOutFailsAsync();

        // The last entry is gone: both read everything, and find what has lapsed as well as what is missing.
        await redis.CommandAsync("ZREMRANGEBYRANK", RedisNamesInUse.Entries, -1, -1);
        TimeSpan healed = await new[] { one, other }.HealAsync(kept, refused);

        (await redis.CountAsync()).Should().Be(3, "the last of those that have lapsed stays");
        Observed.Write(18, $"full of what has lapsed: it makes room itself, healed in {healed.In()}");
    }

    [Fact]
    public async Task Fault_22_a_key_of_another_type_is_loud_and_acknowledges_nothing()
    {
        Assert.SkipUnless(RedisServer.IsInstalled, "redis-server is not installed.");
        await using RedisServer redis = await RedisServer.StartInUseAsync();
        await using Node one = await Node.StartAsync(redis.Configuration);
        await using Node other = await Node.StartAsync(redis.Configuration);
        string kept = TestTokens.Create();
        await one.RevokeAsync(kept);
        await Eventually.Async(() => other.RefusesAsync(kept), "the other node refuses the token");

        await redis.CommandAsync("SET", RedisNamesInUse.Entries, "not a sorted set");
        string refused = await one.SignOutFailsAsync();

        TimeSpan unknown = await one.TurnsUnknownAsync();
        await other.TurnsUnknownAsync();
        (await other.RefusesAsync(kept)).Should().BeTrue("what is revoked stays so");
        one.Messages.Should().Contain(message => message.StartsWith("Warning 9", StringComparison.Ordinal) && message.Contains("WRONGTYPE", StringComparison.Ordinal));
        (await one.HealthAsync()).Status.Should().Be(HealthStatus.Unhealthy);

        await redis.CommandAsync("DEL", RedisNamesInUse.Entries);
        TimeSpan healed = await new[] { one, other }.HealAsync(kept, refused);
        (await redis.CountAsync()).Should().Be(2);
        Observed.Write(22, $"sign-out 503, logged, unknown in {unknown.In()}, healed {healed.In()} after the key was deleted");
    }

    [Theory]
    [InlineData("0")]
    [InlineData("1")]
    public async Task Fault_23_a_primary_that_lacks_its_replicas_acknowledges_nothing_be_it_out_of_memory_or_not(string maxMemory)
    {
        Assert.SkipUnless(RedisServer.IsInstalled, "redis-server is not installed.");
        await using RedisServer redis = await RedisServer.StartInUseAsync();
        await using Node one = await Node.StartAsync(redis.Configuration);
        await using Node other = await Node.StartAsync(redis.Configuration);
        string kept = TestTokens.Create();
        await one.RevokeAsync(kept);
        await Eventually.Async(() => other.RefusesAsync(kept), "the other node refuses the token");

        await redis.CommandAsync("CONFIG", "SET", "min-replicas-to-write", "1", "maxmemory", maxMemory);
        string refused = await one.SignOutFailsAsync();

        // It may be the old primary, behind a partition: what it says proves nothing.
        TimeSpan unknown = await other.TurnsUnknownAsync();
        await one.TurnsUnknownAsync();
        (await other.RefusesAsync(kept)).Should().BeTrue("what is revoked stays so");
        (await redis.CountAsync()).Should().Be(1);

        await redis.CommandAsync("CONFIG", "SET", "min-replicas-to-write", "0", "maxmemory", "0");
        TimeSpan healed = await new[] { one, other }.HealAsync(kept, refused);
        Observed.Write(23, $"maxmemory {maxMemory}: sign-out 503, unknown in {unknown.In()}, healed in {healed.In()}");
    }

    [Fact]
    public async Task Fault_23_a_primary_whose_cluster_is_down_is_not_believed_though_it_reads_and_is_out_of_memory()
    {
        Assert.SkipUnless(RedisServer.IsInstalled, "redis-server is not installed.");
        await using RedisServer redis = await RedisServer.StartAsync("--cluster-enabled", "yes", "--cluster-allow-reads-when-down", "yes");
        await redis.CommandAsync("CLUSTER", "ADDSLOTSRANGE", 0, 16383);
        await Eventually.Async(
            async () => ((string)(await redis.CommandAsync("CLUSTER", "INFO"))!).Contains("cluster_state:ok", StringComparison.Ordinal), "the cluster works");
        await redis.CommandAsync("SET", RedisNamesInUse.Epoch, "in use");
        await using Node node = await Node.StartAsync(redis.Configuration);
        await Eventually.Async(node.IsReadyAsync, "the node has read the log");

        // Another slot than the denylist's.
        await redis.CommandAsync("CLUSTER", "DELSLOTS", 1);
        await redis.CommandAsync("CONFIG", "SET", "maxmemory", "1");
        TimeSpan unknown = await node.TurnsUnknownAsync();

        await redis.CommandAsync("CONFIG", "SET", "maxmemory", "0");
        await redis.CommandAsync("CLUSTER", "ADDSLOTS", 1);
        TimeSpan healed = await new[] { node }.AgreeAsync([]);
        Observed.Write(23, $"a cluster that is down, and out of memory: unknown in {unknown.In()}, healed in {healed.In()}");
    }

    [Fact]
    public async Task Fault_24_a_server_that_cannot_write_its_disk_acknowledges_nothing()
    {
        Assert.SkipUnless(RedisServer.IsInstalled, "redis-server is not installed.");
        await using RedisServer redis = await RedisServer.StartInUseAsync("--save", "3600 1000000", "--enable-protected-configs", "yes");
        await using Node one = await Node.StartAsync(redis.Configuration);
        await using Node other = await Node.StartAsync(redis.Configuration);
        string kept = TestTokens.Create();
        await one.RevokeAsync(kept);

        string disk = Directory.CreateDirectory(Path.Combine(redis.Folder, "disk")).FullName;
        await redis.CommandAsync("CONFIG", "SET", "dir", disk);
        Directory.Delete(disk);
        await SaveAsync(redis, "err");
        string refused = await one.SignOutFailsAsync();

        TimeSpan reported = await other.ReportsAsync(HealthStatus.Degraded, "Redis takes no writes ('MISCONF");
        await Task.WhenAll(one.StaysReadyAsync(), other.StaysReadyAsync());
        (await other.RefusesAsync(kept)).Should().BeTrue();
        (await redis.CountAsync()).Should().Be(1);

        // Then it may be the old primary, too, though it goes on to speak of its disk.
        await redis.CommandAsync("CONFIG", "SET", "min-replicas-to-write", "1");
        await other.TurnsUnknownAsync();
        await redis.CommandAsync("CONFIG", "SET", "min-replicas-to-write", "0");

        await redis.CommandAsync("CONFIG", "SET", "dir", redis.Folder);
        await SaveAsync(redis, "ok");
        TimeSpan healed = await new[] { one, other }.HealAsync(kept, refused);
        Observed.Write(24, $"sign-out 503, both nodes stay ready, reported in {reported.In()}, healed in {healed.In()}");
    }

    private static async Task<long> UsedMemoryAsync(RedisServer redis)
    {
        string memory = (string)(await redis.CommandAsync("INFO", "memory"))!;
        return long.Parse(memory.Split("used_memory:")[1].Split('\r')[0], CultureInfo.InvariantCulture);
    }

    private static async Task SaveAsync(RedisServer redis, string outcome)
    {
        await redis.CommandAsync("BGSAVE");
        await Eventually.Async(
            async () => ((string)(await redis.CommandAsync("INFO", "persistence"))!).Contains($"rdb_last_bgsave_status:{outcome}", StringComparison.Ordinal),
            $"the save was {outcome}");
    }
}
