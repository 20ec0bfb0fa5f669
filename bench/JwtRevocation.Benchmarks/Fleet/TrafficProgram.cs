using System.Diagnostics;
using JwtRevocation.Benchmarks.Reporting;
using StackExchange.Redis;

namespace JwtRevocation.Benchmarks.Fleet;

/// <summary>What a fleet asks of Redis while nothing is revoked, and what a revocation adds to that.</summary>
internal static class TrafficProgram
{
    /// <param name="report">Where to write it.</param>
    /// <param name="nodes">How many nodes: a few, and many.</param>
    /// <param name="perSecond">Revocations a second, all by one further node.</param>
    /// <param name="seconds">For how long.</param>
    public static async Task<Traffic[]> RunAsync(Report report, int[] nodes, int perSecond, int seconds)
    {
        List<Traffic> all = [];
        foreach (int count in nodes)
        {
            all.Add(await MeasureAsync(count, perSecond, seconds));
        }

        report.Write($"**What Redis does.** Nothing for {seconds} s, and then {perSecond} revocations a second for {seconds} s by one of the nodes. Commands that scripts call are counted.");
        report.Table(
            ["nodes", "idle: commands a node and second", "idle: bytes in and out a node and second", "a revocation: commands", "a revocation: bytes in and out", "a revocation: processor time of Redis", "a revocation: processor time of each node"],
            all.Select(static traffic => new[]
            {
                $"{traffic.Nodes}",
                $"{traffic.Idle.Commands:F1}",
                $"{traffic.Idle.BytesIn:F0}, {traffic.Idle.BytesOut:F0}",
                $"{traffic.Revocation.Commands:F1}",
                $"{Statistics.Text(traffic.Revocation.BytesIn, 0)}, {Statistics.Text(traffic.Revocation.BytesOut, 0)}",
                $"{traffic.Revocation.Processor * 1e6:F0} µs",
                $"{traffic.NodeProcessor.TotalMicroseconds:F0} µs",
            }));
        return [.. all];
    }

    private static async Task<Traffic> MeasureAsync(int count, int perSecond, int seconds)
    {
        await using RedisProcess redis = await RedisProcess.StartAsync();
        await using ConnectionMultiplexer connection = await redis.ConnectAsync();
        using FleetNodes others = await FleetNodes.StartAsync(redis.Configuration, count - 1);
        await using FleetNode node = FleetNode.Start(redis.Configuration);
        await node.WaitAsync(static node => node.IsFresh);

        // For the compilers.
        await RevokeAsync(node, perSecond, seconds: 2);

        RedisUse start = await RedisUse.ReadAsync(connection);
        TimeSpan before = await others.ProcessorAsync();
        await Task.Delay(TimeSpan.FromSeconds(seconds));
        TimeSpan between = await others.ProcessorAsync();
        RedisUse idle = await RedisUse.ReadAsync(connection) - start;

        start = await RedisUse.ReadAsync(connection);
        await RevokeAsync(node, perSecond, seconds);
        TimeSpan after = await others.ProcessorAsync();
        RedisUse busy = await RedisUse.ReadAsync(connection) - start;
        int revocations = perSecond * seconds;
        return new(
            count,
            idle / (count * seconds),
            (busy - idle) / revocations,
            (after - between - (between - before)) / (revocations * (count - 1.0)));
    }

    private static async Task RevokeAsync(FleetNode node, int perSecond, int seconds)
    {
        Random random = new();
        DateTimeOffset expires = TimeProvider.System.GetUtcNow().AddHours(1);
        List<Task> revoking = [];
        long start = Stopwatch.GetTimestamp();
        for (int number = 0; number < perSecond * seconds; number++)
        {
            while (Stopwatch.GetElapsedTime(start).TotalSeconds < number / (double)perSecond)
            {
                await Task.Delay(1);
            }

            UInt128 fingerprint = new((ulong)random.NextInt64(), (ulong)random.NextInt64());
            revoking.Add(node.Store.RevokeAsync(FleetNode.OfToken(fingerprint, expires), CancellationToken.None).AsTask());
        }

        await Task.WhenAll(revoking);
        await Task.Delay(TimeSpan.FromSeconds(seconds) - Stopwatch.GetElapsedTime(start) is { Ticks: > 0 } rest ? rest : TimeSpan.Zero);
    }
}
