using JwtRevocation.Tests;
using Microsoft.IdentityModel.JsonWebTokens;

namespace JwtRevocation.Redis.Tests.Faults;

/// <summary>Clocks that are wrong, or that leap because the machine was suspended. Redis' own is only asked for a second opinion.</summary>
public sealed class WrongClockTests
{
    private static readonly TimeSpan TenMinutes = TimeSpan.FromMinutes(10);

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Fault_25_nothing_live_is_trimmed_by_a_clock_hours_wrong(int hours)
    {
        Assert.SkipUnless(RedisServer.IsInstalled, "redis-server is not installed.");
        await using RedisServer redis = await RedisServer.StartInUseAsync();
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        TimeSpan[] lives = [.. new[] { -10, -3, -1.5, -0.5, 0.02, 0.5, 1.1, 3 }.Select(TimeSpan.FromHours)];
        byte[][] entries = [.. lives.Select((life, i) => RawEntry.Token((UInt128)(i + 1), now + life))];
        string soonLapsed = TestTokens.Create();
        byte[] last = RawEntry.Token(soonLapsed, now + TimeSpan.FromMinutes(5));
        await redis.CommandAsync("ZADD", [RedisNamesInUse.Entries, .. entries.Append(last).SelectMany((entry, i) => new object[] { i + 1, entry })]);
        await using Node wrong = await Node.StartAsync(redis.Configuration, clock: new ShiftedClock(TimeSpan.FromHours(hours)));
        string token = TestTokens.Create(expires: now + TimeSpan.FromHours(3));
        await wrong.Revoker.RevokeAsync(token, TestContext.Current.CancellationToken);

        // Another epoch has it read everything, and trim what it takes to have lapsed an hour ago, if Redis agrees.
        await redis.CommandAsync("SET", RedisNamesInUse.Epoch, "another");
        string[] left = [.. entries.Where((_, i) => lives[i] > TimeSpan.FromHours(Math.Min(hours - 1, -0.2))).Append(last).Select(Convert.ToHexString)];
        await Eventually.Async(async () => await redis.CountAsync() <= left.Length + 1, "what has lapsed for long is trimmed");
        HashSet<string> found = await EntriesAsync(redis);
        found.Should().HaveCount(left.Length + 1).And.Contain(left);

        await using Node right = await Node.StartAsync(redis.Configuration);
        TimeSpan healed = await new[] { wrong, right }.HealAsync(token, soonLapsed);
        Observed.Write(25, $"a node {hours:+0;-0} h off trimmed {9 - left.Length} lapsed entries and no live one; all nodes agree in {healed.In()}");
    }

    [Fact]
    public async Task Fault_25_a_lease_that_lasts_an_hour_keeps_nobody_from_repairing()
    {
        Assert.SkipUnless(RedisServer.IsInstalled, "redis-server is not installed.");
        await using RedisServer redis = await RedisServer.StartInUseAsync();
        string token = TestTokens.Create();
        await redis.CommandAsync("ZADD", RedisNamesInUse.Entries, 1, RawEntry.Token(token));
        await using Node one = await Node.StartAsync(redis.Configuration);
        (await one.RefusesAsync(token)).Should().BeTrue();

        // As when Redis' clock is set back by an hour, just after a node took the lease and died.
        await redis.CommandAsync("SET", RedisNamesInUse.Lease, "a node that is gone", "EX", 3600);
        await redis.CommandAsync("DEL", RedisNamesInUse.Entries);

        TimeSpan healed = await Eventually.Async(async () => await redis.CountAsync() == 1, "the node writes back what is lost");
        Observed.Write(25, $"a lease that Redis' clock has made last an hour was taken over, and the log repaired, in {healed.In()}");
    }

    [Fact]
    public async Task Fault_26_nodes_ten_minutes_apart_refuse_what_any_of_them_revokes()
    {
        Assert.SkipUnless(RedisServer.IsInstalled, "redis-server is not installed.");
        await using RedisServer redis = await RedisServer.StartInUseAsync();
        await using Node right = await Node.StartAsync(redis.Configuration);
        await using Node ahead = await Node.StartAsync(redis.Configuration, clock: new ShiftedClock(TenMinutes));
        await using Node behind = await Node.StartAsync(redis.Configuration, clock: new ShiftedClock(-TenMinutes));
        Node[] nodes = [right, ahead, behind];
        List<string> revoked = [];
        TimeSpan slowest = TimeSpan.Zero;
        foreach (Node node in nodes)
        {
            // One that has a minute left by the right clock, and has expired by that which is ahead.
            foreach (TimeSpan life in new[] { TimeSpan.FromHours(1), TimeSpan.FromMinutes(1) })
            {
                string token = TestTokens.Create(expires: TimeProvider.System.GetUtcNow() + life);
                await node.Revoker.RevokeAsync(token, TestContext.Current.CancellationToken);
                revoked.Add(token);
                TimeSpan known = await Eventually.Async(() => right.RefusesAsync(token), "the right node refuses it", Node.MaxStaleness);
                slowest = known > slowest ? known : slowest;
            }

            string subject = $"user of {revoked.Count}";
            string old = TestTokens.Create(subject: subject, configure: descriptor =>
                descriptor.Claims[JwtRegisteredClaimNames.Iat] = (TimeProvider.System.GetUtcNow() - (2 * TenMinutes)).ToUnixTimeSeconds());
            await node.Revoker.RevokeAsync(RevocationTarget.Subject(TestTokens.Issuer, subject), TestContext.Current.CancellationToken);
            revoked.Add(old);
        }

        TimeSpan healed = await nodes.HealAsync(revoked);
        Observed.Write(26, $"nodes 10 min ahead and behind: each refuses what any revoked, known in {slowest.In()} at most, all healthy in {healed.In()}");
    }

    [Fact]
    public async Task Fault_26_a_node_that_was_suspended_knows_nothing_on_waking()
    {
        Assert.SkipUnless(RedisServer.IsInstalled, "redis-server is not installed.");
        await using RedisServer redis = await RedisServer.StartInUseAsync();
        await using Node one = await Node.StartAsync(redis.Configuration);
        ShiftedClock clock = new();
        await using TcpProxy proxy = new(redis.Port);
        await using Node suspended = await Node.StartAsync(proxy.Configuration, clock: clock, options: options =>
        {
            options.PollInterval = TimeSpan.FromSeconds(2);
            options.MaxStaleness = TimeSpan.FromSeconds(30);
        });
        string before = TestTokens.Create();
        await suspended.RevokeAsync(before);

        // While it is suspended it hears nothing: the counting clock stands still, and its connections die.
        proxy.Cut();
        string meanwhile = TestTokens.Create();
        await one.RevokeAsync(meanwhile);
        (await suspended.AcceptsAsync(meanwhile)).Should().BeTrue("it was asleep and does not know");
        clock.Offset = TenMinutes;

        (await suspended.IsUnknownAsync()).Should().BeTrue("it knows at once that it has slept");
        (await suspended.AcceptsAsync(meanwhile)).Should().BeFalse();
        (await suspended.RefusesAsync(before)).Should().BeTrue("what is revoked stays so");
        proxy.Mend();
        TimeSpan healed = await new[] { one, suspended }.HealAsync(before, meanwhile);

        // And when somebody sets the clock right again.
        clock.Offset = TimeSpan.Zero;
        (await suspended.IsReadyAsync()).Should().BeTrue();
        await new[] { one, suspended }.HealAsync(before, meanwhile);
        Observed.Write(26, $"a wall clock that leaps 10 min: unknown at the next request, healed in {healed.In()}");
    }

    [Fact]
    public async Task Fault_26_a_clock_set_back_does_not_make_memory_look_fresh()
    {
        Assert.SkipUnless(RedisServer.IsInstalled, "redis-server is not installed.");
        await using RedisServer redis = await RedisServer.StartInUseAsync();
        ShiftedClock clock = new();
        await using Node node = await Node.StartAsync(redis.Configuration, clock: clock);
        (await node.IsReadyAsync()).Should().BeTrue();

        redis.Stop();
        clock.Offset = -TenMinutes;
        TimeSpan unknown = await node.TurnsUnknownAsync();

        redis.Continue();
        TimeSpan healed = await new[] { node }.HealAsync();
        Observed.Write(26, $"clock set back 10 min while Redis hangs: unknown in {unknown.In()}, healed in {healed.In()}");
    }

    private static async Task<HashSet<string>> EntriesAsync(RedisServer redis) =>
    [
        .. ((byte[][])(await redis.CommandAsync("ZRANGE", RedisNamesInUse.Entries, 0, -1))!).Select(Convert.ToHexString),
    ];
}
