using System.Diagnostics;
using System.Net;
using JwtRevocation.Tests;

namespace JwtRevocation.Redis.Tests.Faults;

/// <summary>The network is slow, cuts what is sent in pieces, or leaves one node outside.</summary>
public sealed class SlowNetworkTests
{
    [Fact]
    public async Task Fault_10_with_a_delay_freshness_counts_from_the_sending_of_a_read_and_not_from_its_answer()
    {
        Assert.SkipUnless(RedisServer.IsInstalled, "redis-server is not installed.");
        TimeSpan bound = TimeSpan.FromSeconds(1.5);
        await using RedisServer server = await RedisServer.StartInUseAsync();
        await using TcpProxy proxy = new(server.Port);
        await using Node one = await Node.StartAsync(server.Configuration);
        await using Node slow = await Node.StartAsync(proxy.Configuration, options => options.MaxStaleness = bound);
        await using SafetyWatch watch = new(bound + Node.PollInterval, slow);
        (await slow.IsReadyAsync()).Should().BeTrue();

        // 2 s there and back, so that each answer is older than the bound when it comes.
        proxy.Delay = TimeSpan.FromSeconds(1);
        long fault = Stopwatch.GetTimestamp();
        TimeSpan unknown = await slow.UnknownByTheBoundAsync(fault, bound + proxy.Delay);
        Task revoking = watch.RevokeAsync(one, 20);
        long before = (await server.CallsAsync())["zrangebyscore"];
        await Eventually.NeverAsync(slow.IsReadyAsync, "an answer older than the bound made the node fresh", TimeSpan.FromSeconds(7));
        await revoking;
        (await slow.HealthAsync()).Description.Should().NotContain("cannot be read", "reads succeed, they only take long");
        (await slow.RefusesAllAsync(watch.Tokens)).Should().BeTrue("what late answers say is applied all the same");
        long reads = (await server.CallsAsync())["zrangebyscore"] - before;

        proxy.Delay = TimeSpan.Zero;
        TimeSpan healed = await new[] { one, slow }.AgreeAsync(watch.Tokens);
        await server.HoldsAsync(watch.Tokens);
        watch.AssertHeld();
        Observed.Write(
            10, $"2 s there and back, bound {bound.In()}: unknown after {unknown.In()} and for as long as it lasted, though reads of both nodes succeeded ({reads}); healed after {healed.In()}");
    }

    [Fact]
    public async Task Fault_10_with_a_delay_below_the_bound_and_tiny_chunks_a_node_starts_and_knows_everything()
    {
        Assert.SkipUnless(RedisServer.IsInstalled, "redis-server is not installed.");
        await using RedisServer server = await RedisServer.StartInUseAsync();
        await using TcpProxy proxy = new(server.Port) { ChunkSize = 3 };
        await using Node one = await Node.StartAsync(server.Configuration);
        await using SafetyWatch watch = new(one);
        await watch.RevokeAsync(one, 100);

        await using Node other = await Node.StartAsync(proxy.Configuration);
        watch.Add(other);
        TimeSpan ready = await new[] { one, other }.AgreeAsync(watch.Tokens);
        await watch.RevokeAsync(other, 5);
        await watch.RevokeAsync(one, 5);
        await new[] { one, other }.AgreeAsync(watch.Tokens);
        proxy.ChunkSize = 64 * 1024;
        proxy.Delay = TimeSpan.FromMilliseconds(250);
        await watch.RevokeAsync(one, 5);
        await new[] { one, other }.AgreeAsync(watch.Tokens);
        await server.HoldsAsync(watch.Tokens);

        watch.AssertHeld();
        Observed.Write(10, $"pieces of 3 bytes: 100 entries known {ready.In()} after the start");
    }

    [Fact]
    public async Task Fault_11_only_the_node_that_is_cut_off_turns_unknown_and_it_heals()
    {
        Assert.SkipUnless(RedisServer.IsInstalled, "redis-server is not installed.");
        await using RedisServer server = await RedisServer.StartInUseAsync();
        await using TcpProxy proxy = new(server.Port);
        await using Node one = await Node.StartAsync(server.Configuration);
        await using Node other = await Node.StartAsync(server.Configuration);
        await using Node cutOff = await Node.StartAsync(proxy.Configuration);
        await using SafetyWatch watch = new(one, other, cutOff);
        await watch.RevokeAsync(one, 10);

        proxy.Cut();
        long fault = Stopwatch.GetTimestamp();
        await watch.RevokeAsync(one, 10);
        string signedOut = TestTokens.Create();
        Task<HttpStatusCode> signingOut = cutOff.SignOutAsync(signedOut);
        TimeSpan unknown = await cutOff.UnknownByTheBoundAsync(fault);
        (await cutOff.RefusesAsync(signedOut)).Should().BeTrue("the node that was asked refuses at once");
        (await signingOut).Should().Be(HttpStatusCode.ServiceUnavailable, "the log has not acknowledged it");
        await Eventually.NeverAsync(
            async () => !await one.IsReadyAsync() || !await other.IsReadyAsync(), "a node that is not cut off was not ready", TimeSpan.FromSeconds(1));

        proxy.Mend();
        string[] revoked = [.. watch.Tokens, signedOut];
        TimeSpan healed = await new[] { one, other, cutOff }.AgreeAsync(revoked);
        await server.HoldsAsync(revoked);
        watch.AssertHeld();
        Observed.Write(11, $"only that node unknown, after {unknown.In()}; healed {healed.In()} after the end, with what it could not say before");
    }
}
