using System.Diagnostics.Metrics;
using JwtRevocation.Tests;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.IdentityModel.JsonWebTokens;
using StackExchange.Redis;

namespace JwtRevocation.Redis.Tests.Faults;

/// <summary>Entries that no node of this version has written, or one whose clock is wrong.</summary>
public sealed class PoisonTests
{
    [Fact]
    public async Task Fault_32_garbage_is_skipped_and_counted_and_what_comes_after_it_is_read()
    {
        Assert.SkipUnless(RedisServer.IsInstalled, "redis-server is not installed.");
        await using RedisServer redis = await RedisServer.StartInUseAsync();
        await using Node node = await Node.StartAsync(redis.Configuration);
        using Skipped skipped = new(node);
        string before = TestTokens.Create();
        await node.RevokeAsync(before);
        await Eventually.Async(async () => (await node.HealthAsync()).Status == HealthStatus.Healthy, "the node is healthy");

        // Not as hints: only who goes on from position to position finds these.
        byte[] version2 = RawEntry.Token(TestTokens.Create());
        version2[0] = 2;
        byte[] cut = RawEntry.Subject(TestTokens.Issuer, "carol", TimeProvider.System.GetUtcNow())[..^3];
        string after = TestTokens.Create();
        await AddAsync(redis, "garbage"u8.ToArray(), version2, cut, [], RawEntry.Token(after));

        TimeSpan known = await Eventually.Async(() => node.RefusesAsync(after), "the entry behind the garbage is read", Node.MaxStaleness);
        await Eventually.Async(async () => await redis.CountAsync() == 6, "nothing is taken away");
        skipped.Count.Should().Be(4);
        await node.ReportsAsync(HealthStatus.Degraded, "damaged");
        (await node.HealthAsync()).Data["skipped"].Should().Be(4);

        // More of it, and a node that meets it at the start.
        string last = TestTokens.Create();
        await AddAsync(redis, "more garbage"u8.ToArray(), RawEntry.Token(last));
        await Eventually.Async(() => node.RefusesAsync(last), "and so is what comes later", Node.MaxStaleness);
        await using Node late = await Node.StartAsync(redis.Configuration);
        (await late.RefusesAllAsync([before, after, last])).Should().BeTrue();
        await node.StaysReadyAsync();
        node.Messages.Count(message => message.StartsWith("Error 15", StringComparison.Ordinal)).Should().Be(1);
        Observed.Write(32, $"5 entries skipped, counted and logged once; what came after them was known in {known.In()}");
    }

    [Fact]
    public async Task Fault_32_a_cutoff_in_2099_counts_as_of_now()
    {
        Assert.SkipUnless(RedisServer.IsInstalled, "redis-server is not installed.");
        await using RedisServer redis = await RedisServer.StartInUseAsync();
        await using Node one = await Node.StartAsync(redis.Configuration);
        await using Node other = await Node.StartAsync(redis.Configuration);
        string earlier = Issued(TimeProvider.System.GetUtcNow() - TimeSpan.FromMinutes(1));
        (await one.AcceptsAsync(earlier)).Should().BeTrue();

        string behind = TestTokens.Create();
        await AddAsync(redis, RawEntry.Subject(TestTokens.Issuer, "bob", new(2099, 1, 1, 0, 0, 0, TimeSpan.Zero)), RawEntry.Token(behind));
        await Eventually.Async(
            async () => await one.RefusesAllAsync([earlier, behind]) && await other.RefusesAllAsync([earlier, behind]),
            "it ends what was issued before it was seen",
            Node.MaxStaleness);

        string later = Issued(TimeProvider.System.GetUtcNow() + TimeSpan.FromSeconds(1));
        (await one.AcceptsAsync(later)).Should().BeTrue("bob can sign in again");
        (await other.AcceptsAsync(later)).Should().BeTrue();
        await one.ReportsAsync(HealthStatus.Degraded, "a cutoff that is more than a day ahead");
        await Eventually.NeverAsync(async () => !await one.AcceptsAsync(later), "bob is locked out", TimeSpan.FromSeconds(2));
        one.Messages.Count(message => message.StartsWith("Error 16", StringComparison.Ordinal)).Should().Be(1);
        (await redis.CountAsync()).Should().Be(2, "no node writes it anew");
        Observed.Write(32, "a cutoff in 2099 ended what was issued before, a token issued a second later is accepted; logged once");
    }

    private static string Issued(DateTimeOffset time) => TestTokens.Create(
        subject: "bob", configure: token => token.Claims[JwtRegisteredClaimNames.Iat] = time.ToUnixTimeSeconds());

    /// <summary>Adds entries behind the last, as nobody tells anybody of.</summary>
    private static async Task AddAsync(RedisServer redis, params byte[][] entries)
    {
        await using ConnectionMultiplexer connection = await redis.ConnectAsync();
        IDatabase database = connection.GetDatabase();
        double last = (await database.SortedSetRangeByRankWithScoresAsync(RedisNamesInUse.Entries, -1, -1)).LastOrDefault().Score;
        await database.SortedSetAddAsync(RedisNamesInUse.Entries, [.. entries.Select((entry, i) => new SortedSetEntry(entry, last + 10 + i))]);
    }

    /// <summary>The metric of one node.</summary>
    private sealed class Skipped : IDisposable
    {
        private readonly MeterListener _listener = new();
        private long _count;

        public Skipped(Node node)
        {
            IMeterFactory meters = node.Services.GetRequiredService<IMeterFactory>();
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Name == "jwt_revocation.replica.skipped" && ReferenceEquals(instrument.Meter.Scope, meters))
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            };
            _listener.SetMeasurementEventCallback<long>((_, value, _, _) => Interlocked.Add(ref _count, value));
            _listener.Start();
        }

        public long Count => Interlocked.Read(ref _count);

        public void Dispose() => _listener.Dispose();
    }
}
