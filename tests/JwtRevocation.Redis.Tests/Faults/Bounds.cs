using System.Diagnostics;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Xunit.Sdk;

namespace JwtRevocation.Redis.Tests.Faults;

/// <summary>What the faults have in common: when a node turns unknown, and that all agree once it is over.</summary>
internal static class Bounds
{
    private static readonly string[] Commands = ["set", "get", "zrangebyscore", "eval", "evalsha", "zrem", "pexpire"];

    /// <summary>Waits until a node is unknown, which it must be for whatever it is asked later than its bound.</summary>
    /// <param name="node">The node.</param>
    /// <param name="fault">When it could read the log no more.</param>
    /// <param name="bound">How long it may vouch after that; by default <see cref="Node.MaxStaleness"/> and a poll.</param>
    /// <returns>The time from the fault on.</returns>
    public static async Task<TimeSpan> UnknownByTheBoundAsync(this Node node, long fault, TimeSpan? bound = null)
    {
        while (true)
        {
            TimeSpan asked = Stopwatch.GetElapsedTime(fault);
            if (await node.IsUnknownAsync())
            {
                return Stopwatch.GetElapsedTime(fault);
            }

            if (asked > (bound ?? (Node.MaxStaleness + Node.PollInterval)))
            {
                throw new XunitException($"{asked} after the fault a node still vouched for its memory.");
            }

            await Task.Delay(10, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Invariant C, as far as nodes have it: all are ready again and refuse all of the tokens.</summary>
    public static async Task<TimeSpan> AgreeAsync(this IEnumerable<Node> nodes, IEnumerable<string> tokens, TimeSpan? within = null)
    {
        try
        {
            return await Eventually.Async(
                async () =>
                {
                    foreach (Node node in nodes)
                    {
                        if (!await node.IsReadyAsync() || !await node.RefusesAllAsync(tokens))
                        {
                            return false;
                        }
                    }

                    return true;
                },
                "all nodes are ready and refuse what was revoked",
                within);
        }
        catch (XunitException)
        {
            foreach (Node node in nodes)
            {
                HealthReportEntry health = await node.HealthAsync();
                TestContext.Current.TestOutputHelper?.WriteLine($"{health.Description} {health.Exception}");
            }

            throw;
        }
    }

    /// <summary>Waits until all nodes have read what is in the log now, and do not only have hints of it.</summary>
    public static async Task HaveReadOnAsync(this IEnumerable<Node> nodes)
    {
        long asked = Stopwatch.GetTimestamp();
        foreach (Node node in nodes)
        {
            await Eventually.Async(
                async () =>
                {
                    double elapsed = Stopwatch.GetElapsedTime(asked).TotalSeconds;
                    return (double)(await node.HealthAsync()).Data["lag_seconds"] < elapsed;
                },
                "the node has read on");
        }
    }

    /// <summary>Invariant C, as far as the log has it: each entry once, and whoever starts now knows them all.</summary>
    public static async Task HoldsAsync(this RedisServer server, IReadOnlyCollection<string> tokens)
    {
        await Eventually.Async(async () => await server.CountAsync() == tokens.Count, $"the log has {tokens.Count} entries");
        await using Node later = await Node.StartAsync(server.Configuration);
        await Eventually.Async(later.IsReadyAsync, "a node that starts later is ready");
        (await later.RefusesAllAsync(tokens)).Should().BeTrue("a node that starts later has it all from the log");
    }

    /// <summary>The number of commands that nodes have sent for the denylist since the server started.</summary>
    public static async Task<long> CommandsAsync(this RedisServer server)
    {
        Dictionary<string, long> calls = await server.CallsAsync();
        return Commands.Sum(command => calls.GetValueOrDefault(command));
    }
}
