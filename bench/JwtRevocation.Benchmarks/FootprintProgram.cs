using System.Diagnostics;
using JwtRevocation.Benchmarks.Reporting;
using Microsoft.Extensions.Time.Testing;
using Microsoft.IdentityModel.JsonWebTokens;

namespace JwtRevocation.Benchmarks;

/// <summary>A million revocations: what they weigh, how fast they come, and what their going does to requests.</summary>
internal static class FootprintProgram
{
    private const int LifetimeMinutes = 60;

    private static readonly TimeSpan Control = TimeSpan.FromSeconds(2);

    public static bool Run(Report report, int entries)
    {
        FakeTimeProvider time = new();
        SampleTokens tokens = SampleTokens.Hs256();
        JsonWebToken[] pool = [.. tokens.Read(Enumerable.Range(entries / 2, 16_384))];
        using InMemoryRevokedTokenStore store = new(time);
        double empty = Memory();

        (double perSecond, TimeSpan longest) = RevokeAll(entries, tokens, store, time);
        double full = Memory();
        double perEntry = (full - empty) / store.Count;
        TimeSpan sweep = SweepOnce(time);

        // What the machine does to any two busy threads shows in the second of these.
        PauseRecorder idle = PauseRecorder.During(Idle, store, pool);
        PauseRecorder busy = PauseRecorder.During(Spin, store, pool);
        PauseRecorder sweeps = PauseRecorder.During(() => LapseAll(time), store, pool);
        double after = Memory();

        report.Write($"**{entries:N0} single tokens.**");
        report.Table(
            ["", "", "target"],
            [
                ["memory of an entry", $"{perEntry:F1} bytes", "90"],
                ["revocations per second by one thread", $"{perSecond:N0}", ""],
                ["the longest of them, while the table grew", $"{longest.TotalMilliseconds:F1} ms", ""],
                ["a sweep in which nothing lapses", $"{sweep.TotalMilliseconds:F1} ms, {sweep.TotalNanoseconds / entries:F1} ns an entry", ""],
                ["memory: empty, full, after all have lapsed", $"{empty / 1e6:F1} MB, {full / 1e6:F1} MB, {after / 1e6:F1} MB", "90 % are given back"],
            ]);
        report.Table(
            ["a thread that checks, meanwhile", "checks", "p50", "p99", "p99.99", "longest", "over 10 ms", "collections took"],
            [Row("nothing else goes on", idle), Row("a thread busy with nothing", busy), Row($"{LifetimeMinutes + 2} sweeps, one after another, in which all lapse", sweeps)]);
        GC.KeepAlive(pool);
        return perEntry < 90 && store.Count == 0 && after - empty <= (full - empty) * 0.1;
    }

    // What it makes is garbage once it returns.
    private static (double PerSecond, TimeSpan Longest) RevokeAll(int entries, SampleTokens tokens, InMemoryRevokedTokenStore store, TimeProvider time)
    {
        RevocationTarget[] targets = [.. tokens.Read(Enumerable.Range(0, entries)).Select(RevocationTarget.Token)];
        Random random = new(1);
        DateTimeOffset now = time.GetUtcNow();
        TimeSpan longest = default;
        long start = Stopwatch.GetTimestamp();
        foreach (RevocationTarget target in targets)
        {
            long before = Stopwatch.GetTimestamp();
            store.Add(target, now.AddSeconds(random.Next(LifetimeMinutes * 60)));
            TimeSpan elapsed = Stopwatch.GetElapsedTime(before);
            longest = elapsed > longest ? elapsed : longest;
        }

        return (targets.Length / Stopwatch.GetElapsedTime(start).TotalSeconds, longest);
    }

    // The clock's timers run on the thread that advances it; an entry goes at the second sweep after it has lapsed.
    private static void LapseAll(FakeTimeProvider time)
    {
        for (int minute = 0; minute < LifetimeMinutes + 2; minute++)
        {
            time.Advance(TimeSpan.FromMinutes(1));
        }
    }

    // Nothing goes yet: an entry does at the second sweep after it has lapsed.
    private static TimeSpan SweepOnce(FakeTimeProvider time)
    {
        long start = Stopwatch.GetTimestamp();
        time.Advance(TimeSpan.FromMinutes(1));
        return Stopwatch.GetElapsedTime(start);
    }

    private static void Idle() => Thread.Sleep(Control);

    private static void Spin()
    {
        long start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start) < Control)
        {
        }
    }

    private static double Memory()
    {
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        return GC.GetTotalMemory(forceFullCollection: true);
    }

    private static string[] Row(string what, PauseRecorder recorder) =>
    [
        what,
        $"{recorder.Checks:N0}",
        $"{recorder.Percentile(0.5).TotalMicroseconds:F2} µs",
        $"{recorder.Percentile(0.99).TotalMicroseconds:F2} µs",
        $"{recorder.Percentile(0.9999).TotalMicroseconds:F1} µs",
        $"{recorder.Longest.TotalMilliseconds:F2} ms",
        $"{recorder.LongerThan10Ms}",
        $"{recorder.GarbageCollection.TotalMilliseconds:F1} ms",
    ];
}
