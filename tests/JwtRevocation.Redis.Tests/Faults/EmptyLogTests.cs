using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace JwtRevocation.Redis.Tests.Faults;

/// <summary>A node meets an empty log, and cannot know by itself whether nothing was ever revoked.</summary>
public sealed class EmptyLogTests
{
    private const int Count = 50;

    [Fact]
    public async Task Fault_04_a_new_node_on_an_emptied_log_is_not_ready_before_the_others_have_written_back()
    {
        Assert.SkipUnless(RedisServer.IsInstalled, "redis-server is not installed.");
        await using RedisServer server = await RedisServer.StartInUseAsync();
        await using TcpProxy proxy = new(server.Port);
        await using Node one = await Node.StartAsync(proxy.Configuration, Patient);
        await using Node other = await Node.StartAsync(proxy.Configuration, Patient);
        await using SafetyWatch watch = new(TimeSpan.FromSeconds(1), one, other);
        await watch.RevokeAsync(one, Count);
        await new[] { one, other }.AgreeAsync(watch.Tokens);

        proxy.Cut();
        await server.KillAsync();
        await server.RestartAsync();
        await using Node newcomer = await Node.StartAsync(server.Configuration, Patient);
        await using SafetyWatch always = new(TimeSpan.Zero, newcomer);
        Array.ForEach(watch.Tokens, always.Acknowledged);
        await Eventually.NeverAsync(newcomer.IsReadyAsync, "the new node took the empty log for new", TimeSpan.FromSeconds(2));
        (await newcomer.IsUnknownAsync()).Should().BeTrue();
        HealthReportEntry health = await newcomer.HealthAsync();
        health.Status.Should().Be(HealthStatus.Unhealthy);
        health.Description.Should().Contain("waits for others");

        proxy.Mend();
        TimeSpan ready = await Eventually.Async(newcomer.IsReadyAsync, "the new node is ready once the others have written back");
        (await newcomer.RefusesAllAsync(watch.Tokens)).Should().BeTrue("it knew everything as soon as it was ready");
        newcomer.Messages.Should().NotContain(message => message.StartsWith("Error 14", StringComparison.Ordinal), "nothing was lost");
        await new[] { one, other, newcomer }.AgreeAsync(watch.Tokens);
        await server.HoldsAsync(watch.Tokens);

        watch.AssertHeld();
        always.AssertHeld();
        Observed.Write(4, $"the new node waited, and was ready {ready.In()} after the others were back");

        // With which a node waits for 10 s, as by default.
        static void Patient(RedisStoreOptions options) => options.MaxStaleness = TimeSpan.FromSeconds(30);
    }

    [Fact]
    public async Task Fault_05_when_all_nodes_restart_too_the_loss_is_reported_before_any_of_them_is_ready()
    {
        Assert.SkipUnless(RedisServer.IsInstalled, "redis-server is not installed.");
        await using RedisServer server = await RedisServer.StartAsync();
        string[] tokens;
        await using (Node before = await Node.StartAsync(server.Configuration))
        {
            await Eventually.Async(before.IsReadyAsync, "the first node ever is ready");
            before.Messages.Should().Contain(message => message.StartsWith("Error 14", StringComparison.Ordinal));
            await using SafetyWatch watch = new(before);
            tokens = await watch.RevokeAsync(before, Count);
        }

        await server.KillAsync();
        await server.RestartAsync();
        await using Node one = await Node.StartAsync(server.Configuration);
        await using Node other = await Node.StartAsync(server.Configuration);
        (await one.IsUnknownAsync()).Should().BeTrue();
        (await one.HealthAsync()).Status.Should().Be(HealthStatus.Unhealthy);
        TimeSpan ready = await Eventually.Async(
            async () =>
            {
                bool isReady = await one.IsReadyAsync() | await other.IsReadyAsync();
                return isReady ? IsReported() ? true : throw new InvalidOperationException("A node was ready before the loss was reported.") : false;
            },
            "a node is ready again");

        new[] { one, other }.Should().AllSatisfy(node =>
            node.Messages.Should().Contain(message => message.StartsWith("Warning 13", StringComparison.Ordinal), "each says that it waits"));
        await new[] { one, other }.AgreeAsync([]);
        (await one.AcceptsAsync(tokens[0])).Should().BeTrue("this is the loss that was reported");
        Observed.Write(5, $"reported as an error; no node was ready before that, {ready.In()} after they had started");

        bool IsReported() => new[] { one, other }.Any(node => node.Messages.Any(message =>
            message.StartsWith("Error 14", StringComparison.Ordinal) && message.Contains("ALL REVOCATIONS BEFORE NOW ARE LOST", StringComparison.Ordinal)));
    }
}
