using System.Diagnostics;

namespace JwtRevocation.Redis.Tests.Faults;

/// <summary>A replica takes over that lacks the last of what the primary has acknowledged.</summary>
public sealed class FailoverTests
{
    private const int Replicated = 20;
    private const int Lost = 20;

    [Fact]
    public async Task Fault_12_after_a_failover_to_a_lagging_replica_the_lost_tail_is_found_and_written_back()
    {
        Assert.SkipUnless(RedisServer.IsInstalled, "redis-server is not installed.");
        await using ReplicatedServers servers = await ReplicatedServers.StartAsync();
        await using Node one = await Node.StartAsync(servers.Address.Configuration);
        await using Node other = await Node.StartAsync(servers.Address.Configuration);
        await using SafetyWatch watch = new(one, other);
        await watch.RevokeAsync(one, Replicated);
        await servers.LagAfterAsync(Replicated);
        await watch.RevokeAsync(one, Lost / 2);
        await watch.RevokeAsync(other, Lost / 2);

        await servers.FailOverAsync();
        (await servers.Replica.CountAsync()).Should().Be(Replicated, "the rest was lost, though it was acknowledged");
        servers.Address.Target = servers.Replica.Port;
        TimeSpan healed = await Eventually.Async(
            async () => await servers.Replica.CountAsync() == Replicated + Lost, "the new primary has what was lost");
        long commands = await servers.Replica.CommandsAsync();
        await new[] { one, other }.AgreeAsync(watch.Tokens);
        await servers.Replica.HoldsAsync(watch.Tokens);

        watch.AssertHeld();
        Observed.Write(12, $"{Lost} lost entries were back {healed.In()} after the failover; {commands} commands");
    }

    [Fact]
    public async Task Fault_12_nodes_that_know_both_servers_find_the_new_primary_and_write_back_too()
    {
        Assert.SkipUnless(RedisServer.IsInstalled, "redis-server is not installed.");
        await using ReplicatedServers servers = await ReplicatedServers.StartAsync();
        string both = $"{servers.Primary.Configuration},{servers.Replica.Configuration}";
        await using Node one = await Node.StartAsync(both);
        await using Node other = await Node.StartAsync(both);
        await using SafetyWatch watch = new(one, other);
        await watch.RevokeAsync(one, Replicated);
        await servers.LagAfterAsync(Replicated);
        await watch.RevokeAsync(one, Lost / 2);
        await watch.RevokeAsync(other, Lost / 2);

        long fault = Stopwatch.GetTimestamp();
        await servers.FailOverAsync();
        await Eventually.Async(
            async () => await servers.Replica.CountAsync() == Replicated + Lost, "the new primary has what was lost");
        TimeSpan healed = Stopwatch.GetElapsedTime(fault);
        await new[] { one, other }.AgreeAsync(watch.Tokens);
        await servers.Replica.HoldsAsync(watch.Tokens);

        watch.AssertHeld();
        Observed.Write(12, $"by a list of both servers, without Sentinel: healed {healed.In()} after the failover");
    }

    [Fact]
    public async Task Fault_13_when_new_entries_overtake_the_positions_that_were_lost_no_node_skips_any()
    {
        Assert.SkipUnless(RedisServer.IsInstalled, "redis-server is not installed.");
        await using ReplicatedServers servers = await ReplicatedServers.StartAsync();
        await using Node one = await Node.StartAsync(servers.Address.Configuration);
        await using Node other = await Node.StartAsync(servers.Address.Configuration);
        await using SafetyWatch watch = new(one, other);
        await watch.RevokeAsync(one, Replicated);
        await servers.LagAfterAsync(Replicated);
        await watch.RevokeAsync(one, Lost);
        await new[] { one, other }.AgreeAsync(watch.Tokens);
        await new[] { one, other }.HaveReadOnAsync();

        long lastRead = await ReplicatedServers.LastPositionAsync(servers.Primary);
        servers.Address.Cut();
        await servers.FailOverAsync();
        (await ReplicatedServers.LastPositionAsync(servers.Replica)).Should().BeLessThan(lastRead, "the replica's counter is behind");

        // While nobody reads, one who knows nothing of what was lost goes on where the replica was.
        await using Node writer = await Node.StartAsync(servers.Replica.Configuration);
        int written = 0;
        while (written <= Lost || await ReplicatedServers.LastPositionAsync(servers.Replica) <= lastRead)
        {
            await watch.RevokeAsync(writer);
            written++;
        }

        servers.Address.Target = servers.Replica.Port;
        servers.Address.Mend();
        TimeSpan healed = await new[] { one, other, writer }.AgreeAsync(watch.Tokens);
        await servers.Replica.HoldsAsync(watch.Tokens);

        watch.Tokens.Should().HaveCount(Replicated + Lost + written);
        watch.AssertHeld();
        Observed.Write(13, $"{Lost} entries lost, {written} new ones past their positions: all nodes have all {healed.In()} after they were back");
    }
}
