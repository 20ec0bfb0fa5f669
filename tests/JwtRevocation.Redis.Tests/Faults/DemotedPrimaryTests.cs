using System.Diagnostics;
using System.Net;
using JwtRevocation.Tests;

namespace JwtRevocation.Redis.Tests.Faults;

/// <summary>The server that nodes are connected to is a replica from one moment to the next, and goes on answering reads.</summary>
public sealed class DemotedPrimaryTests
{
    [Fact]
    public async Task Fault_16_a_demoted_primary_answers_reads_and_makes_no_node_fresh()
    {
        Assert.SkipUnless(RedisServer.IsInstalled, "redis-server is not installed.");
        await using ReplicatedServers servers = await ReplicatedServers.StartAsync();
        RedisServer demoted = servers.Primary;
        RedisServer promoted = servers.Replica;
        await using Node one = await Node.StartAsync(demoted.Configuration);
        await using Node other = await Node.StartAsync(demoted.Configuration);
        await using SafetyWatch watch = new(one, other);
        await watch.RevokeAsync(one, 20);
        await servers.LagAfterAsync(20);

        await promoted.CommandAsync("REPLICAOF", "NO", "ONE");
        await demoted.CommandAsync("REPLICAOF", "127.0.0.1", promoted.Port);
        long fault = Stopwatch.GetTimestamp();
        string signedOut = TestTokens.Create();
        (await one.SignOutAsync(signedOut)).Should().Be(HttpStatusCode.ServiceUnavailable, "a replica takes no writes");
        await using Node elsewhere = await Node.StartAsync(promoted.Configuration);
        await watch.RevokeAsync(elsewhere, 20);
        TimeSpan unknown = await one.UnknownByTheBoundAsync(fault);
        await other.UnknownByTheBoundAsync(fault);
        (await demoted.CountAsync()).Should().BePositive("it answers reads");
        await Eventually.NeverAsync(
            async () => await one.IsReadyAsync() || await other.IsReadyAsync(), "a replica's answers made a node fresh", Node.MaxStaleness);

        await ReplicatedServers.IsInSyncAsync(demoted);
        await Eventually.Async(async () => await demoted.CountAsync() == 40, "it has what its primary has");
        await demoted.CommandAsync("REPLICAOF", "NO", "ONE");
        string[] revoked = [.. watch.Tokens, signedOut];
        TimeSpan healed = await new[] { one, other }.AgreeAsync(revoked, TimeSpan.FromSeconds(90));
        await demoted.HoldsAsync(revoked);

        watch.AssertHeld();
        Observed.Write(16, $"unknown after {unknown.In()}, while reads succeeded; healed {healed.In()} after it was the primary again");
    }
}
