using System.Diagnostics;
using System.Globalization;
using JwtRevocation.Benchmarks.Reporting;
using StackExchange.Redis;

namespace JwtRevocation.Benchmarks.Fleet;

/// <summary>A million entries in Redis: how long a node takes to have them, beside a client that only reads them.</summary>
internal static class ColdStartProgram
{
    private const int Rounds = 5;
    private const int PageSize = 2_000;

    public static async Task<int> RunAsync(int entries)
    {
        await using RedisProcess redis = await RedisProcess.StartAsync();
        await using (ConnectionMultiplexer connection = await redis.ConnectAsync())
        {
            IDatabase database = connection.GetDatabase();
            long before = await UsedMemoryAsync(connection);
            await FillAsync(database, entries);
            long after = await UsedMemoryAsync(connection);
            Console.WriteLine($"{entries:N0} entries take {(after - before) / (double)entries:F0} bytes each in Redis");
        }

        List<double> ratios = [], ready = [], bare = [], bytes = [];
        for (int round = 1; round <= Rounds; round++)
        {
            // A process for each, as a node that starts; in turns.
            bare.Add(await MeasureAsync("fleet-read"));
            string[] node = (await RunChildAsync("fleet-start")).Split(' ');
            ready.Add(double.Parse(node[0], CultureInfo.InvariantCulture));
            bytes.Add(double.Parse(node[1], CultureInfo.InvariantCulture) / entries);
            ratios.Add(ready[^1] / bare[^1]);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{round,3}. bare read {bare[^1]:F2} s   node ready {ready[^1]:F2} s   ratio {ratios[^1]:F2}   {bytes[^1]:F1} bytes an entry, process {double.Parse(node[2], CultureInfo.InvariantCulture) / entries:F0}"));
        }

        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"Median ratio {Statistics.Median(ratios):F2} ({ratios.Min():F2} to {ratios.Max():F2}; target: at most 2), {Statistics.Median(bytes):F1} bytes an entry (target: at most 120)"));
        return Statistics.Median(ratios) <= 2 && Statistics.Median(bytes) <= 120 ? 0 : 1;

        async Task<double> MeasureAsync(string what) => double.Parse(await RunChildAsync(what), CultureInfo.InvariantCulture);

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
