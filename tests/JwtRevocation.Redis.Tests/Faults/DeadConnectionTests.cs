using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using StackExchange.Redis;

namespace JwtRevocation.Redis.Tests.Faults;

/// <summary>A connection is dead, and nobody has told the node.</summary>
public sealed class DeadConnectionTests
{
    [Fact]
    public async Task Fault_07_with_a_half_dead_subscription_a_node_knows_by_its_next_poll_and_says_that_it_is_deaf()
    {
        Assert.SkipUnless(RedisServer.IsInstalled, "redis-server is not installed.");
        await using RedisServer server = await RedisServer.StartInUseAsync();
        await using TcpProxy proxy = new(server.Port);
        await using Node one = await Node.StartAsync(server.Configuration);
        await using Node deaf = await Node.StartAsync(proxy.Configuration);
        await using SafetyWatch watch = new(one, deaf);
        await Eventually.Async(() => proxy.Open.Any(connection => connection.IsSubscription), "the node has subscribed");
        proxy.Open.Should().Contain(connection => !connection.IsSubscription, "commands have a connection of their own");

        proxy.Swallows = static connection => connection.IsSubscription;
        TimeSpan slowest = await SlowestAsync(watch, one, deaf, 10);
        TimeSpan said = await Eventually.Async(
            async () => await deaf.HealthAsync() is { Status: HealthStatus.Degraded } health && health.Description!.Contains("Hints do not arrive", StringComparison.Ordinal),
            "the node says that it is deaf");

        proxy.Swallows = static _ => false;
        TimeSpan healed = await Eventually.Async(
            async () =>
            {
                await watch.RevokeAsync(one);
                return (await deaf.HealthAsync()).Status == HealthStatus.Healthy;
            },
            "the node hears again",
            TimeSpan.FromMinutes(1));
        await new[] { one, deaf }.AgreeAsync(watch.Tokens);
        await server.HoldsAsync(watch.Tokens);

        watch.AssertHeld();
        Observed.Write(
            7, $"known after {slowest.In()} at most, polled every {Node.PollInterval.In()}; said so {said.In()} later; heard again {healed.In()} after the end");
    }

    [Fact]
    public async Task A_Redis_that_is_out_of_reach_is_not_reported_as_one_that_forbids_to_listen()
    {
        using TcpListener nobody = new(IPAddress.Loopback, 0);
        nobody.Start();
        int port = ((IPEndPoint)nobody.LocalEndpoint).Port;
        nobody.Stop();
        await using Node node = await Node.StartAsync($"127.0.0.1:{port},connectTimeout=100,syncTimeout=100,asyncTimeout=100");

        await Eventually.NeverAsync(
            async () => (await node.HealthAsync()).Description!.Contains("does not let this node", StringComparison.Ordinal),
            "it says that Redis does not let it listen",
            TimeSpan.FromSeconds(3));

        (await node.HealthAsync()).Description.Should().Contain("cannot be read");
    }

    [Fact]
    public async Task Fault_08_with_a_half_dead_command_connection_a_node_turns_unknown_by_the_bound_and_heals_by_itself()
    {
        Assert.SkipUnless(RedisServer.IsInstalled, "redis-server is not installed.");
        await using RedisServer server = await RedisServer.StartInUseAsync();
        await using TcpProxy proxy = new(server.Port);
        await using Node one = await Node.StartAsync(server.Configuration);
        await using Node cutOff = await Node.StartAsync(proxy.Configuration);
        await using SafetyWatch watch = new(one, cutOff);
        await watch.RevokeAsync(one, 10);

        TcpProxy.Connection[] dead = [.. proxy.Open.Where(connection => !connection.IsSubscription)];
        dead.Should().NotBeEmpty();
        proxy.Swallows = connection => dead.Contains(connection);
        long fault = Stopwatch.GetTimestamp();
        TimeSpan unknown = await cutOff.UnknownByTheBoundAsync(fault);
        await watch.RevokeAsync(one, 10);
        (await one.IsReadyAsync()).Should().BeTrue("only one node is affected");

        // The dead connection stays dead: the node has to find that out, and make another.
        await new[] { one, cutOff }.AgreeAsync(watch.Tokens, TimeSpan.FromMinutes(1));
        TimeSpan healed = Stopwatch.GetElapsedTime(fault);
        await watch.RevokeAsync(cutOff);
        await server.HoldsAsync(watch.Tokens);

        watch.AssertHeld();
        Observed.Write(8, $"unknown after {unknown.In()}; healed by another connection {healed.In()} after the fault");
    }

    [Fact]
    public async Task Fault_09_with_subscriptions_killed_all_the_time_nodes_know_by_their_next_poll()
    {
        Assert.SkipUnless(RedisServer.IsInstalled, "redis-server is not installed.");
        await using RedisServer server = await RedisServer.StartInUseAsync();
        await using Node one = await Node.StartAsync(server.Configuration);
        await using Node other = await Node.StartAsync(server.Configuration);
        await using SafetyWatch watch = new(one, other);
        using CancellationTokenSource enough = new();
        Task<int> killing = KillSubscriptionsAsync(server, enough.Token);

        TimeSpan slowest = TimeSpan.Zero;
        long started = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(5))
        {
            TimeSpan known = await SlowestAsync(watch, one, other, 1);
            slowest = known > slowest ? known : slowest;
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }

        await enough.CancelAsync();
        int killed = await killing;

        killed.Should().BePositive();
        await new[] { one, other }.AgreeAsync(watch.Tokens);
        await server.HoldsAsync(watch.Tokens);
        watch.AssertHeld();
        Observed.Write(9, $"{killed} subscriptions killed in 5 s, {watch.Tokens.Length} tokens: known after {slowest.In()} at most, polled every {Node.PollInterval.In()}");
    }

    private static async Task<TimeSpan> SlowestAsync(SafetyWatch watch, Node from, Node to, int count)
    {
        TimeSpan slowest = TimeSpan.Zero;
        for (int i = 0; i < count; i++)
        {
            string token = (await watch.RevokeAsync(from))[0];
            TimeSpan known = await Eventually.Async(
                () => to.RefusesAsync(token), "the other node knows by its next poll, long before its bound", Node.MaxStaleness - Node.PollInterval);
            slowest = known > slowest ? known : slowest;
        }

        return slowest;
    }

    private static async Task<int> KillSubscriptionsAsync(RedisServer server, CancellationToken enough)
    {
        int killed = 0;
        await using ConnectionMultiplexer redis = await server.ConnectAsync();
        while (!enough.IsCancellationRequested)
        {
            killed += (int)await redis.GetDatabase().ExecuteAsync("CLIENT", "KILL", "TYPE", "pubsub");
            await Task.Delay(1, CancellationToken.None);
        }

        return killed;
    }
}
