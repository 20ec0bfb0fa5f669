using System.Diagnostics;

namespace JwtRevocation.Redis.Tests.Faults;

/// <summary>Redis crashes, or is emptied, while nodes live that hold everything.</summary>
public sealed class CrashTests
{
    private const int Count = 100;

    [Fact]
    public async Task Fault_01_after_a_crash_with_AOF_all_nodes_know_everything_and_were_unknown_by_the_bound()
    {
        Assert.SkipUnless(RedisServer.IsInstalled, "redis-server is not installed.");
        await using RedisServer server = await RedisServer.StartInUseAsync("--appendonly", "yes", "--appendfsync", "always");
        await using Node one = await Node.StartAsync(server.Configuration);
        await using Node other = await Node.StartAsync(server.Configuration);
        await using SafetyWatch watch = new(one, other);
        await watch.RevokeAsync(one, Count);

        await server.KillAsync();
        long fault = Stopwatch.GetTimestamp();
        TimeSpan unknown = await one.UnknownByTheBoundAsync(fault);
        await other.UnknownByTheBoundAsync(fault);
        (await one.RefusesAllAsync(watch.Tokens)).Should().BeTrue("what is known to be revoked stays so");

        await server.RestartAsync();
        TimeSpan healed = await new[] { one, other }.AgreeAsync(watch.Tokens);
        long commands = await server.CommandsAsync();
        await server.HoldsAsync(watch.Tokens);
        await watch.RevokeAsync(other);
        await new[] { one, other }.AgreeAsync(watch.Tokens);

        watch.AssertHeld();
        Observed.Write(1, $"unknown after {unknown.In()}; healed {healed.In()} after the restart; {commands} commands");
    }

    [Fact]
    public async Task Fault_02_after_a_restart_without_data_the_nodes_write_back_what_was_lost()
    {
        Assert.SkipUnless(RedisServer.IsInstalled, "redis-server is not installed.");
        await using RedisServer server = await RedisServer.StartInUseAsync();
        await using Node one = await Node.StartAsync(server.Configuration, Patient);
        await using Node other = await Node.StartAsync(server.Configuration, Patient);
        await using SafetyWatch watch = new(TimeSpan.FromSeconds(1), one, other);
        await watch.RevokeAsync(one, Count / 2);
        await watch.RevokeAsync(other, Count / 2);
        await new[] { one, other }.AgreeAsync(watch.Tokens);

        await server.KillAsync();
        await server.RestartAsync();
        TimeSpan healed = await Eventually.Async(async () => await server.CountAsync() == Count, "the log has everything again");
        long commands = await server.CommandsAsync();
        await new[] { one, other }.AgreeAsync(watch.Tokens);
        await server.HoldsAsync(watch.Tokens);

        watch.AssertHeld();
        Observed.Write(2, $"{Count} entries were back {healed.In()} after the restart; {commands} commands");

        // A Redis that is back sooner than that must not cost the nodes their readiness.
        static void Patient(RedisStoreOptions options) => options.MaxStaleness = TimeSpan.FromSeconds(30);
    }

    [Fact]
    public async Task Fault_02_after_an_outage_beyond_the_bound_what_was_lost_is_written_back_too()
    {
        Assert.SkipUnless(RedisServer.IsInstalled, "redis-server is not installed.");
        await using RedisServer server = await RedisServer.StartInUseAsync();
        await using Node one = await Node.StartAsync(server.Configuration);
        await using Node other = await Node.StartAsync(server.Configuration);
        await using SafetyWatch watch = new(one, other);
        await watch.RevokeAsync(one, Count / 2);
        await watch.RevokeAsync(other, Count / 2);

        await server.KillAsync();
        long fault = Stopwatch.GetTimestamp();
        TimeSpan unknown = await one.UnknownByTheBoundAsync(fault);
        await other.UnknownByTheBoundAsync(fault);
        await server.RestartAsync();
        TimeSpan back = await Eventually.Async(async () => await server.CountAsync() == Count, "the log has everything again");
        TimeSpan ready = back + await new[] { one, other }.AgreeAsync(watch.Tokens);
        await server.HoldsAsync(watch.Tokens);

        watch.AssertHeld();
        Observed.Write(
            2, $"beyond the bound: unknown after {unknown.In()}; {Count} entries were back {back.In()} after the restart, the nodes ready after {ready.In()}");
    }

    [Fact]
    public async Task Fault_03_after_FLUSHALL_the_nodes_write_back_what_was_lost()
    {
        Assert.SkipUnless(RedisServer.IsInstalled, "redis-server is not installed.");
        await using RedisServer server = await RedisServer.StartInUseAsync();
        await using Node one = await Node.StartAsync(server.Configuration);
        await using Node other = await Node.StartAsync(server.Configuration);
        await using SafetyWatch watch = new(one, other);
        await watch.RevokeAsync(one, Count / 2);
        await watch.RevokeAsync(other, Count / 2);
        await new[] { one, other }.AgreeAsync(watch.Tokens);

        // Both have it all: from now on no moment excuses that one is accepted.
        await using SafetyWatch always = new(TimeSpan.Zero, one, other);
        Array.ForEach(watch.Tokens, always.Acknowledged);
        await server.CommandAsync("CONFIG", "RESETSTAT");
        await server.CommandAsync("FLUSHALL");
        TimeSpan seen = await Eventually.Async(
            () => new[] { one, other }.Any(node => node.Messages.Any(message => message.StartsWith("Warning 11", StringComparison.Ordinal))),
            "a node sees at its next poll that the log was emptied");
        TimeSpan healed = seen + await Eventually.Async(async () => await server.CountAsync() == Count, "the log has everything again");
        long commands = await server.CommandsAsync();
        await new[] { one, other }.AgreeAsync(watch.Tokens);
        await server.HoldsAsync(watch.Tokens);

        seen.Should().BeLessThan(Node.MaxStaleness, "a poll finds it, long before the bound");
        watch.AssertHeld();
        always.AssertHeld();
        Observed.Write(
            3, $"seen after {seen.In()}, polled every {Node.PollInterval.In()}; {Count} entries were back after {healed.In()}; {commands} commands");
    }
}
