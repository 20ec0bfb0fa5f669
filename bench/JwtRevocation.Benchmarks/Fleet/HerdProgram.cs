using System.Diagnostics;
using System.Globalization;
using StackExchange.Redis;

namespace JwtRevocation.Benchmarks.Fleet;

/// <summary>Fifty nodes come back at once to a Redis that has lost everything: who writes what back, and how fast.</summary>
internal static class HerdProgram
{
    private const int Processes = 5;
    private const int NodesEach = 10;

    public static async Task<int> RunAsync(int entries)
    {
        await using RedisProcess redis = await RedisProcess.StartAsync();
        await using (ConnectionMultiplexer connection = await redis.ConnectAsync())
        {
            await ColdStartProgram.FillAsync(connection.GetDatabase(), entries);
        }

        Child[] children = [.. Enumerable.Range(0, Processes).Select(_ => new Child("fleet-herd", redis.Configuration, entries.ToString(CultureInfo.InvariantCulture)))];
        try
        {
            foreach (Child child in children)
            {
                await child.ReadLineAsync();
            }

            Console.WriteLine($"{Processes * NodesEach} nodes in {Processes} processes hold {entries:N0} entries; Redis is killed, and starts empty");
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
                    Console.WriteLine($"FAILED: {count:N0} entries after a minute");
                    return 1;
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
            Console.WriteLine($"All {count:N0} are back {took.TotalSeconds:F2} s after Redis accepts connections (target: within 10 s), the first after {first.TotalSeconds:F2} s");
            Console.WriteLine($"Each was sent {each:F2} times and written {calls["zadd"] / (double)entries:F2} times");
            Console.WriteLine($"Commands: {string.Join(", ", calls.Where(call => call.Value > 10).OrderByDescending(call => call.Value).Select(call => $"{call.Key} {call.Value:N0}"))}");
            return took < TimeSpan.FromSeconds(10) && each < 4 ? 0 : 1;
        }
        finally
        {
            foreach (Child child in children)
            {
                child.Dispose();
            }
        }
    }

    public static async Task<int> BeNodesAsync(string redis, int entries)
    {
        List<FleetNode> nodes = [];
        for (int i = 0; i < NodesEach; i++)
        {
            nodes.Add(FleetNode.Start(redis));
        }

        foreach (FleetNode node in nodes)
        {
            await node.WaitAsync(node => node.Count >= entries);
        }

        Console.WriteLine("ready");
        await Console.In.ReadToEndAsync();
        return 0;
    }
}
