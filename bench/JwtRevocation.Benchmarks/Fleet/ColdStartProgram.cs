using System.Diagnostics;
using System.Globalization;
using JwtRevocation.Benchmarks.Reporting;
using StackExchange.Redis;

namespace JwtRevocation.Benchmarks.Fleet;

/// <summary>A million entries in Redis: how long a node takes to have them, beside a client that only reads them.</summary>
internal static class ColdStartProgram
{
    private const int PageSize = 2_000;

    public static async Task<ColdStart> RunAsync(Report report, int entries, int rounds)
    {
        await using RedisProcess redis = await RedisProcess.StartAsync();
        await using ConnectionMultiplexer connection = await redis.ConnectAsync();
        long before = await UsedMemoryAsync(connection);
        await FillAsync(connection.GetDatabase(), entries);
        double redisBytes = (await UsedMemoryAsync(connection) - before) / (double)entries;

        List<double> ratios = [], ready = [], bare = [], bytes = [], working = [];
        RedisUse read = default;
        for (int round = 0; round < rounds; round++)
        {
            // A process for each, as a node that starts; in turns.
            bare.Add(double.Parse(await RunChildAsync("fleet-read"), CultureInfo.InvariantCulture));
            RedisUse start = await RedisUse.ReadAsync(connection);
            string[] node = (await RunChildAsync("fleet-start")).Split(' ');
            read += (await RedisUse.ReadAsync(connection) - start) / ((double)rounds * entries);
            ready.Add(double.Parse(node[0], CultureInfo.InvariantCulture));
            bytes.Add(double.Parse(node[1], CultureInfo.InvariantCulture) / entries);
            working.Add(double.Parse(node[2], CultureInfo.InvariantCulture) / 1e6);
            ratios.Add(ready[^1] / bare[^1]);
        }

        bool isWithinTargets = Statistics.Median(ratios) <= 2 && Statistics.Median(bytes) <= 120;
        report.Write($"**Cold start.** {entries:N0} entries in Redis, a new process in each of {rounds} rounds. Median (range).");
        report.Table(
            ["", "", "target"],
            [
                ["a node until it is ready, against a client that only reads, page by page", Statistics.Describe(ratios), "2"],
                ["a node until it is ready", $"{Statistics.Describe(ready)} s", ""],
                ["memory of an entry in a node", $"{Statistics.Describe(bytes, 1)} bytes", "120"],
                ["working set of the node's process", $"{Statistics.Describe(working, 0)} MB", ""],
                ["memory of an entry in Redis", $"{redisBytes:F0} bytes", ""],
                ["sent by Redis for an entry", $"{read.BytesOut:F0} bytes", ""],
                ["processor time of Redis for an entry", $"{read.Processor * 1e6:F2} µs", ""],
            ]);
        return new(redisBytes, Statistics.Median(bytes), Statistics.Median(ready) / entries, read, isWithinTargets);

        async Task<string> RunChildAsync(string what)
        {
            using Child child = new(what, redis.Configuration);
            return await child.ReadLineAsync();
        }
    }

    /// <summary>Only reads all entries, page by page.</summary>
    public static async Task<int> ReadAsync(string redis)
    {
        long start = Stopwatch.GetTimestamp();
        await using ConnectionMultiplexer connection = await ConnectionMultiplexer.ConnectAsync(redis);
        IDatabase database = connection.GetDatabase();
        double from = 0;
        SortedSetEntry[] page;
        do
        {
            page = await database.SortedSetRangeByScoreWithScoresAsync("{jwt-revocation}:entries", from, exclude: Exclude.Start, take: PageSize);
            from = page.Length > 0 ? page[^1].Score : from;
        }
        while (page.Length == PageSize);

        Console.WriteLine(Stopwatch.GetElapsedTime(start).TotalSeconds.ToString(CultureInfo.InvariantCulture));
        return 0;
    }

    /// <summary>Starts a node, until it is ready.</summary>
    public static async Task<int> StartAsync(string redis)
    {
        long empty = GC.GetTotalMemory(forceFullCollection: true);
        long start = Stopwatch.GetTimestamp();
        await using FleetNode node = FleetNode.Start(redis);
        await node.WaitAsync(static node => node.IsFresh);
        TimeSpan took = Stopwatch.GetElapsedTime(start);
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        long full = GC.GetTotalMemory(forceFullCollection: true);
        using Process self = Process.GetCurrentProcess();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{took.TotalSeconds} {full - empty} {self.WorkingSet64}"));
        return 0;
    }

    public static async Task FillAsync(IDatabase database, int entries)
    {
        Random random = new(1);
        DateTimeOffset expires = TimeProvider.System.GetUtcNow().AddHours(1);
        long position = 0;
        foreach (int[] batch in Enumerable.Range(0, entries).Chunk(PageSize))
        {
            await database.SortedSetAddAsync(
                "{jwt-revocation}:entries",
                [.. batch.Select(_ => new SortedSetEntry(
                    EntryFormat.Write(FleetNode.OfToken(new((ulong)random.NextInt64(), (ulong)random.NextInt64()), expires)),
                    position += random.Next(1, 10)))]);
        }
    }

    private static async Task<long> UsedMemoryAsync(ConnectionMultiplexer connection)
    {
        string memory = (string)(await connection.GetDatabase().ExecuteAsync("INFO", "memory"))!;
        return long.Parse(memory.Split('\n').First(line => line.StartsWith("used_memory:", StringComparison.Ordinal)).Split(':')[1], CultureInfo.InvariantCulture);
    }
}
