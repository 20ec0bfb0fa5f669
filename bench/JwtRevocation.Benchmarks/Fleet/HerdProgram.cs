using System.Diagnostics;
using System.Globalization;
using JwtRevocation.Benchmarks.Reporting;
using StackExchange.Redis;

namespace JwtRevocation.Benchmarks.Fleet;

/// <summary>Fifty nodes come back at once to a Redis that has lost everything: who writes what back, and how fast.</summary>
internal static class HerdProgram
{
    private const int Nodes = 50;

    public static async Task<bool> RunAsync(Report report, int entries)
    {
        await using RedisProcess redis = await RedisProcess.StartAsync();
        await using (ConnectionMultiplexer filling = await redis.ConnectAsync())
        {
            await ColdStartProgram.FillAsync(filling.GetDatabase(), entries);
        }

        using FleetNodes nodes = await FleetNodes.StartAsync(redis.Configuration, Nodes, entries);
        await redis.KillAsync();
        await redis.RestartAsync();
        long start = Stopwatch.GetTimestamp();
        await using ConnectionMultiplexer connection = await redis.ConnectAsync();
        IDatabase database = connection.GetDatabase();
        long count;
        TimeSpan first = TimeSpan.Zero;
        do
        {
            await Task.Delay(20);
            count = await database.SortedSetLengthAsync("{jwt-revocation}:entries");
            first = count == 0 ? Stopwatch.GetElapsedTime(start) : first;
            if (Stopwatch.GetElapsedTime(start) > TimeSpan.FromSeconds(60))
            {
                report.Write($"FAILED: {count:N0} of {entries:N0} entries were back after a minute.");
                return false;
            }
        }
        while (count < entries);

        TimeSpan took = Stopwatch.GetElapsedTime(start);
        string stats = (string)(await database.ExecuteAsync("INFO", "commandstats"))!;
        Dictionary<string, long> calls = stats.Split('\n')
            .Where(static line => line.StartsWith("cmdstat_", StringComparison.Ordinal))
            .ToDictionary(
                static line => line["cmdstat_".Length..line.IndexOf(':', StringComparison.Ordinal)],
                static line => long.Parse(line.Split("calls=")[1].Split(',')[0], CultureInfo.InvariantCulture));
        double each = calls["zscore"] / (double)entries;
        report.Write($"**Herd.** {Nodes} nodes in 5 processes hold {entries:N0} entries; Redis is killed, and starts empty.");
        report.Table(
            ["", "", "target"],
            [
                ["all entries are back after", $"{took.TotalSeconds:F1} s, the first after {first.TotalSeconds:F1} s", "10 s"],
                ["each was sent", $"{each:F2} times", "less than 4"],
                ["each was written", $"{calls["zadd"] / (double)entries:F2} times", ""],
                ["commands", string.Join(", ", calls.Where(static call => call.Value > 10).OrderByDescending(static call => call.Value).Select(static call => $"{call.Key} {call.Value:N0}")), ""],
            ]);
        return took < TimeSpan.FromSeconds(10) && each < 4;
    }
}
