using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using JwtRevocation.Benchmarks.Reporting;
using StackExchange.Redis;

namespace JwtRevocation.Benchmarks.Fleet;

/// <summary>
/// How long it takes from a call that revokes on one node until another refuses: two processes and Redis on this machine.
/// Beside each revocation a bare message is published, from one client to the handler of another: the least that it can take.
/// </summary>
internal static class PropagationProgram
{
    private const string Bare = "bare";

    public static async Task<bool> RunAsync(Report report, int perSecond, int seconds)
    {
        (double[] took, double[] least) = await MeasureAsync(perSecond, seconds, deaf: false);
        int secondsDeaf = Math.Min(seconds, 10);
        (double[] deaf, _) = await MeasureAsync(perSecond, secondsDeaf, deaf: true);
        double ratio = At(took, 0.5) / At(least, 0.5);
        report.Write($"**Propagation.** {perSecond} revocations a second on one node: how long until another process refuses, beside a bare message that is published meanwhile. Ratio of the medians: **{ratio:F2}** (target: at most 3).");
        report.Table(
            ["", "median", "p90", "p99", "p99.9", "most", "heard of"],
            [
                ["until the other node refuses", .. Describe(took, perSecond * seconds)],
                ["a bare message", .. Describe(least, perSecond * seconds)],
                ["until the other node refuses, without hints: it polls every second", .. Describe(deaf, perSecond * secondsDeaf)],
            ]);
        return took.Length == perSecond * seconds && At(took, 0.5) < 2 && At(took, 0.99) < 20 && ratio <= 3
            && deaf.Length == perSecond * secondsDeaf && deaf[^1] <= 1100;
    }

    /// <summary>Writes down when this node heard of what, on the clock that all processes of a machine share.</summary>
    public static async Task<int> ListenAsync(string redis, bool deaf)
    {
        ConcurrentDictionary<long, long> revoked = new(), published = new();
        await using FleetNode node = FleetNode.Start(redis, decorate: log => new RecordingLog(log, revoked, deaf));
        await node.WaitAsync(static node => node.IsFresh);
        await using ConnectionMultiplexer bare = await ConnectionMultiplexer.ConnectAsync(redis);
        (await bare.GetSubscriber().SubscribeAsync(RedisChannel.Literal(Bare)))
            .OnMessage(message => published.TryAdd((long)message.Message, Stopwatch.GetTimestamp()));
        Console.WriteLine("ready");
        await Parent.ReadLineAsync();
        foreach ((string what, ConcurrentDictionary<long, long> times) in new[] { ("revoked", revoked), ("published", published) })
        {
            foreach ((long number, long time) in times)
            {
                Console.WriteLine($"{what} {number} {time}");
            }
        }

        Console.WriteLine("end");
        return 0;
    }

    private static async Task<(double[] Revoked, double[] Published)> MeasureAsync(int perSecond, int seconds, bool deaf)
    {
        await using RedisProcess redis = await RedisProcess.StartAsync();
        using Child other = new("fleet-listen", redis.Configuration, deaf.ToString());
        await using FleetNode node = FleetNode.Start(redis.Configuration);
        await node.WaitAsync(static node => node.IsFresh);
        await using ConnectionMultiplexer bare = await ConnectionMultiplexer.ConnectAsync(redis.Configuration);
        await other.ReadLineAsync();

        // The first ones are for the compiler.
        int count = (perSecond * seconds) + perSecond;
        long[] revoked = new long[count], published = new long[count];
        Task[] revoking = new Task[count];
        DateTimeOffset expires = TimeProvider.System.GetUtcNow().AddHours(1);
        long start = Stopwatch.GetTimestamp();
        for (int number = 0; number < count; number++)
        {
            await UntilAsync(start, number, perSecond);
            published[number] = Stopwatch.GetTimestamp();
            _ = bare.GetSubscriber().PublishAsync(RedisChannel.Literal(Bare), number, CommandFlags.FireAndForget);
            await UntilAsync(start, number + 0.5, perSecond);
            revoked[number] = Stopwatch.GetTimestamp();
            revoking[number] = node.Store.RevokeAsync(FleetNode.OfToken((UInt128)number, expires), CancellationToken.None).AsTask();
        }

        await Task.WhenAll(revoking);
        await Task.Delay(TimeSpan.FromSeconds(2));
        other.WriteLine("report");
        Dictionary<(string, long), long> heard = [];
        while (await other.ReadLineAsync() is { } line && line != "end")
        {
            string[] parts = line.Split(' ');
            heard[(parts[0], long.Parse(parts[1], CultureInfo.InvariantCulture))] = long.Parse(parts[2], CultureInfo.InvariantCulture);
        }

        return ([.. Latencies("revoked", revoked)], [.. Latencies("published", published)]);

        IEnumerable<double> Latencies(string what, long[] sent) =>
            Enumerable.Range(perSecond, count - perSecond)
                .Where(number => heard.ContainsKey((what, number)))
                .Select(number => Stopwatch.GetElapsedTime(sent[number], heard[(what, number)]).TotalMilliseconds)
                .Order();
    }

    private static async Task UntilAsync(long start, double number, int perSecond)
    {
        while (Stopwatch.GetElapsedTime(start).TotalSeconds < number / perSecond)
        {
            await Task.Delay(1);
        }
    }

    private static string[] Describe(double[] sorted, int sent) =>
    [
        .. ((double[])[0.5, 0.9, 0.99, 0.999, 1]).Select(part => $"{Statistics.Text(At(sorted, part), 2)} ms"),
        $"{sorted.Length} of {sent}",
    ];

    private static double At(double[] sorted, double part) => sorted[(int)(part * (sorted.Length - 1))];

    /// <summary>Notes when an entry is in the memory.</summary>
    private sealed class RecordingLog(IRevocationLog log, ConcurrentDictionary<long, long> times, bool deaf) : IRevocationLog
    {
        private IReadOnlyList<LogEntry> _read = [];

        public IReadOnlyCollection<string> Warnings => log.Warnings;

        public Task<IReadOnlyList<long>> AppendAsync(IReadOnlyList<ReadOnlyMemory<byte>> entries, bool announce, CancellationToken cancellationToken) =>
            log.AppendAsync(entries, announce, cancellationToken);

        public async Task<LogPage> ReadAsync(long from, int count, CancellationToken cancellationToken)
        {
            LogPage page = await log.ReadAsync(from, count, cancellationToken);

            // It is in the memory a little later, when this page has been applied: within less than a millisecond.
            _read = page.Entries;
            foreach (LogEntry entry in _read)
            {
                Note(entry);
            }

            return page;
        }

        public Task RemoveAsync(IReadOnlyList<ReadOnlyMemory<byte>> entries, CancellationToken cancellationToken) => log.RemoveAsync(entries, cancellationToken);

        public Task InitializeAsync(string epoch, CancellationToken cancellationToken) => log.InitializeAsync(epoch, cancellationToken);

        public Task<bool> TryLeadRepairAsync(TimeSpan duration, CancellationToken cancellationToken) => log.TryLeadRepairAsync(duration, cancellationToken);

        public void Listen(Action<LogEntry> hint)
        {
            if (!deaf)
            {
                log.Listen(entry =>
                {
                    hint(entry);
                    Note(entry);
                });
            }
        }

        // The number is the fingerprint, which the entry ends with.
        private void Note(LogEntry entry) => times.TryAdd(BinaryPrimitives.ReadInt64BigEndian(entry.Content.Span[^8..]), Stopwatch.GetTimestamp());
    }
}
