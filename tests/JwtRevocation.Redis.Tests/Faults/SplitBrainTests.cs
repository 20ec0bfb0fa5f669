using System.Diagnostics;
using System.Net;
using JwtRevocation.Tests;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using StackExchange.Redis;

namespace JwtRevocation.Redis.Tests.Faults;

/// <summary>
/// The primary is cut off from its replicas and from three Sentinels, which make another; some nodes are on the wrong side.
/// </summary>
public sealed class SplitBrainTests
{
    [Fact]
    public async Task Fault_15_nodes_on_the_old_primary_turn_unknown_and_agree_once_the_brain_is_whole()
    {
        Assert.SkipUnless(RedisServer.IsInstalled, "redis-server is not installed.");

        // Everybody but the nodes on the wrong side reaches the old primary through the link. Its replicas must be missed
        // sooner (after 5 s at most) than Sentinel takes to make another primary (8 s and more).
        string[] safe = ["--min-replicas-to-write", "1", "--min-replicas-max-lag", "3", "--repl-diskless-sync-delay", "0"];
        await using RedisServer old = await RedisServer.StartAsync(safe);
        await using TcpProxy link = new(old.Port);
        await using RedisServer second = await RedisServer.StartAsync([.. safe, "--replicaof", "127.0.0.1", $"{link.Port}"]);
        await using RedisServer third = await RedisServer.StartAsync([.. safe, "--replicaof", "127.0.0.1", $"{link.Port}"]);
        await ReplicatedServers.IsInSyncAsync(second);
        await ReplicatedServers.IsInSyncAsync(third);
        await Eventually.Async(() => TakesWritesAsync(old), "the primary has its replicas");
        await using RedisServer sentinelA = await StartSentinelAsync(link.Port);
        await using RedisServer sentinelB = await StartSentinelAsync(link.Port);
        await using RedisServer sentinelC = await StartSentinelAsync(link.Port);
        RedisServer[] sentinels = [sentinelA, sentinelB, sentinelC];
        foreach (RedisServer sentinel in sentinels)
        {
            await Eventually.Async(() => KnowsAllAsync(sentinel), "each Sentinel knows the others and both replicas", TimeSpan.FromMinutes(1));
        }

        // On the wrong side: it reaches the old primary only, until the brain is whole.
        await using TcpProxy toSecond = new(second.Port) { Refuses = true };
        await using TcpProxy toThird = new(third.Port) { Refuses = true };
        await using Node right = await Node.StartAsync($"{string.Join(',', sentinels.Select(sentinel => sentinel.Configuration))},serviceName=mymaster");
        await using Node wrong = await Node.StartAsync($"{old.Configuration},{toSecond.Configuration},{toThird.Configuration}");
        await new[] { right, wrong }.AgreeAsync([]);
        await using SafetyWatch watch = new(right, wrong);
        await watch.RevokeAsync(right, 10);
        await watch.RevokeAsync(wrong, 10);
        await Eventually.Async(async () => await second.CountAsync() == 20 && await third.CountAsync() == 20, "the replicas have what was acknowledged");

        // In silence: nobody is told that a connection is gone.
        link.Swallows = static _ => true;
        long fault = Stopwatch.GetTimestamp();
        string early = TestTokens.Create();
        HttpStatusCode earlyAnswer = await wrong.SignOutAsync(early);
        await Eventually.Async(async () => !await TakesWritesAsync(old), "the old primary misses its replicas");
        long missed = Stopwatch.GetTimestamp();
        string signedOut = TestTokens.Create();
        (await wrong.SignOutAsync(signedOut)).Should().Be(HttpStatusCode.ServiceUnavailable, "what only the old primary has would be lost");
        TimeSpan unknown = Stopwatch.GetElapsedTime(fault, missed) + await wrong.UnknownByTheBoundAsync(missed);
        RedisServer promoted = await PromotedAsync(second, third);

        // Acknowledged by the new primary, of which the other side hears nothing. The client may send some to the old one all
        // the same, until it knows better.
        await Eventually.Async(async () => await right.IsReadyAsync() && await TakesWritesAsync(promoted), "the right side works again", TimeSpan.FromMinutes(1));
        TimeSpan failedOver = Stopwatch.GetElapsedTime(fault);
        List<string> unacknowledged = await SignOutAsync(watch, right, 10);
        await Eventually.NeverAsync(wrong.IsReadyAsync, "a node on the old primary vouched for its memory", Node.MaxStaleness);
        ((string)(await old.CommandAsync("INFO", "replication"))!).Should().Contain("role:master", "it still takes itself for the primary");

        toSecond.Mend();
        toThird.Mend();
        link.Swallows = static _ => false;
        link.CloseAll();
        string[] revoked = [.. watch.Tokens, early, signedOut, .. unacknowledged];
        TimeSpan healed = await new[] { right, wrong }.AgreeAsync(revoked, TimeSpan.FromMinutes(1));
        await promoted.HoldsAsync(revoked);
        await Eventually.Async(
            () => HasRoleAsync(old, "slave"),
            "the old primary was demoted",
            TimeSpan.FromMinutes(1));
        unacknowledged.AddRange(await SignOutAsync(watch, wrong, 1));
        await new[] { right, wrong }.AgreeAsync([.. watch.Tokens, early, signedOut, .. unacknowledged]);

        watch.AssertHeld();
        Observed.Write(
            15,
            $"the old primary took writes for {Stopwatch.GetElapsedTime(fault, missed).In()} (a sign-out there: {(int)earlyAnswer}); unknown there after {unknown.In()}; the other side had failed over after {failedOver.In()}; all agreed {healed.In()} after the end");
    }

    /// <summary>Signs out until so many sign-outs were acknowledged.</summary>
    /// <returns>The tokens of the others.</returns>
    private static async Task<List<string>> SignOutAsync(SafetyWatch watch, Node node, int count)
    {
        List<string> unacknowledged = [];
        while (count > 0)
        {
            string token = TestTokens.Create();
            if (await node.SignOutAsync(token) == HttpStatusCode.OK)
            {
                watch.Acknowledged(token);
                count--;
            }
            else
            {
                unacknowledged.Add(token);
                await Eventually.Async(
                    async () => (await node.HealthAsync()).Status == HealthStatus.Healthy,
                    "the log has acknowledged it later",
                    TimeSpan.FromMinutes(1));
                unacknowledged.Count.Should().BeLessThan(20, "the node has last said: {0}", string.Join(Environment.NewLine, node.Messages.TakeLast(8)));
            }
        }

        return unacknowledged;
    }

    private static Task<RedisServer> StartSentinelAsync(int primary) => RedisServer.StartSentinelAsync(
        $"sentinel monitor mymaster 127.0.0.1 {primary} 2",
        "sentinel down-after-milliseconds mymaster 8000",
        "sentinel failover-timeout mymaster 6000",
        "sentinel parallel-syncs mymaster 2");

    private static async Task<bool> KnowsAllAsync(RedisServer sentinel)
    {
        await using ConnectionMultiplexer redis = await ConnectionMultiplexer.SentinelConnectAsync($"{sentinel.Configuration},allowAdmin=true");
        string info = (string)(await redis.GetServer(sentinel.Configuration).ExecuteAsync("INFO", "sentinel"))!;
        return info.Contains("slaves=2,sentinels=3", StringComparison.Ordinal);
    }

    private static async Task<bool> TakesWritesAsync(RedisServer server)
    {
        try
        {
            await server.CommandAsync("SET", RedisNamesInUse.Epoch, "in use");
            return true;
        }
        catch (RedisException)
        {
            return false;
        }
    }

    private static async Task<RedisServer> PromotedAsync(params RedisServer[] replicas)
    {
        RedisServer? promoted = null;
        await Eventually.Async(
            async () =>
            {
                foreach (RedisServer replica in replicas)
                {
                    if (await HasRoleAsync(replica, "master"))
                    {
                        promoted = replica;
                    }
                }

                return promoted is not null;
            },
            "Sentinel makes another primary",
            TimeSpan.FromMinutes(3));
        return promoted!;
    }

    private static async Task<bool> HasRoleAsync(RedisServer server, string role)
    {
        try
        {
            return ((string)(await server.CommandAsync("INFO", "replication"))!).Contains($"role:{role}", StringComparison.Ordinal);
        }
        catch (RedisConnectionException)
        {
            // Sentinel closes all connections of a server to which it gives another role.
            return false;
        }
    }
}
