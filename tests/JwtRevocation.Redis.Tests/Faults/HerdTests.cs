using JwtRevocation.Tests;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.IdentityModel.JsonWebTokens;

namespace JwtRevocation.Redis.Tests.Faults;

/// <summary>Many nodes that find Redis empty at the same moment.</summary>
[Collection(nameof(Alone))]
public sealed class HerdTests
{
    private const int Nodes = 50;
    private const int Entries = 2_000;
    private static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task Fault_30_a_herd_writes_an_emptied_log_back_once()
    {
        Assert.SkipUnless(RedisServer.IsInstalled, "redis-server is not installed.");
        await using RedisServer redis = await RedisServer.StartInUseAsync();
        DateTimeOffset expires = TimeProvider.System.GetUtcNow() + TimeSpan.FromHours(1);
        string revoked = TestTokens.Create();
        await redis.CommandAsync(
            "ZADD",
            [
                RedisNamesInUse.Entries,
                .. Enumerable.Range(1, Entries - 1).SelectMany(i => new object[] { i, RawEntry.Token((UInt128)i, expires) }),
                Entries,
                RawEntry.Token(revoked),
            ]);
        RevocableToken.TryCreate(new JsonWebToken(revoked), out RevocableToken ended).Should().BeTrue();
        RevocableToken.TryCreate(new JsonWebToken(TestTokens.Create()), out RevocableToken live).Should().BeTrue();
        ServiceProvider[] nodes = [.. Enumerable.Range(0, Nodes).Select(_ => Create(redis.Configuration))];
        try
        {
            IRevokedTokenStore[] stores = [.. nodes.Select(node => node.GetRequiredService<IRevokedTokenStore>())];
            await Eventually.Async(() => stores.All(store => Knows(store, ended, live)), "all nodes have read everything", TimeSpan.FromSeconds(60));

            // All connections die, and the commands are counted anew.
            await redis.KillAsync();
            await redis.RestartAsync();
            TimeSpan back = await Eventually.Async(
                async () => await redis.CountAsync() == Entries && (long)await redis.CommandAsync("EXISTS", RedisNamesInUse.Epoch) == 1,
                "everything is back",
                TimeSpan.FromSeconds(60));
            TimeSpan agreed = await Eventually.Async(() => stores.All(store => Knows(store, ended, live)), "all nodes agree", TimeSpan.FromSeconds(60));

            // Until every node has had its turn to read all, and to think that something is missing.
            await Eventually.NeverAsync(
                async () => await redis.CountAsync() != Entries, "the number of entries changes", 5 * PollInterval);
            Dictionary<string, long> calls = await redis.CallsAsync();
            calls["zadd"].Should().Be(Entries, "each is written once");
            calls["zscore"].Should().BeLessThan(3 * Entries, "hardly any is offered twice");

            // By which every script that appends begins: batches of 500.
            long appends = calls["zrevrangebyscore"];
            appends.Should().BeLessThan(Nodes + 50);
            long polls = calls["zrangebyscore"];
            Observed.Write(
                30,
                $"{Nodes} nodes, {Entries} entries: all back {back.In()} after the restart, all nodes agree {agreed.In()} later; ZADD {calls["zadd"]}, appends {appends}, entries offered {calls["zscore"]}, reads {polls}");
        }
        finally
        {
            await Task.WhenAll(nodes.Select(node => node.DisposeAsync().AsTask()));
        }
    }

    private static bool Knows(IRevokedTokenStore store, RevocableToken ended, RevocableToken live) =>
        store.GetStatus(in ended) == RevocationStatus.Revoked && store.GetStatus(in live) == RevocationStatus.NotRevoked;

    private static ServiceProvider Create(string configuration)
    {
        ServiceCollection services = new();
        services.AddLogging();
        services.AddJwtRevocation().AddRedisStore(redis =>
        {
            redis.Configuration = configuration;
            redis.PollInterval = PollInterval;
            redis.MaxStaleness = TimeSpan.FromSeconds(30);
        });
        return services.BuildServiceProvider();
    }
}
