using System.Diagnostics;
using Microsoft.Extensions.Time.Testing;
using Microsoft.IdentityModel.JsonWebTokens;

namespace JwtRevocation.Benchmarks;

/// <summary>A million revocations: what they weigh, how fast they come, and what their going does to requests.</summary>
internal static class FootprintProgram
{
    private const int Entries = 1_000_000;
    private const int LifetimeMinutes = 60;

    private static readonly TimeSpan Control = TimeSpan.FromSeconds(2);

    public static int Run()
    {
        FakeTimeProvider time = new();
        SampleTokens tokens = SampleTokens.Hs256();
        JsonWebToken[] pool = [.. tokens.Read(Enumerable.Range(Entries / 2, 16_384))];
        using InMemoryRevokedTokenStore store = new(time);
        double empty = Memory();

        RevokeAll(tokens, store, time);
        double full = Memory();
        double perEntry = (full - empty) / store.Count;
        Console.WriteLine($"{store.Count:N0} entries take {perEntry:F1} bytes each (target: under 90)");

        // What the machine does to any two busy threads shows in the second of these.
        Console.WriteLine();
        Console.WriteLine("Checks meanwhile                 checks    p50 µs    p99 µs  p99.99 µs    max ms  over 10 ms   GC ms");
        Print("nothing else goes on", PauseRecorder.During(Idle, store, pool));
        Print("a thread busy with nothing", PauseRecorder.During(Spin, store, pool));
        Print("60 sweeps, one after another", PauseRecorder.During(() => LapseAll(time), store, pool));

        double after = Memory();
        Console.WriteLine();
        Console.WriteLine(
            $"Memory: {empty / 1e6:F1} MB empty, {full / 1e6:F1} MB full, {after / 1e6:F1} MB after the sweeps, with {store.Count} entries (target: within 10 % of empty)");
        GC.KeepAlive(pool);
        return perEntry < 90 && store.Count == 0 && after <= empty * 1.1 ? 0 : 1;
    }

    // What it makes is garbage once it returns.
    private static void RevokeAll(SampleTokens tokens, InMemoryRevokedTokenStore store, TimeProvider time)
    {
        RevocationTarget[] targets = [.. tokens.Read(Enumerable.Range(0, Entries)).Select(RevocationTarget.Token)];
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

        double perSecond = targets.Length / Stopwatch.GetElapsedTime(start).TotalSeconds;
        Console.WriteLine($"{perSecond:N0} revocations per second by one thread; the longest took {longest.TotalMilliseconds:F0} ms, while the table grew");
    }

    // The clock's timers run on the thread that advances it; an entry goes at the second sweep after it has lapsed.
    private static void LapseAll(FakeTimeProvider time)
    {
        for (int minute = 0; minute < LifetimeMinutes + 2; minute++)
        {
            time.Advance(TimeSpan.FromMinutes(1));
        }
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

    private static void Print(string what, PauseRecorder recorder) => Console.WriteLine(
        $"{what,-28} {recorder.Checks,10:N0} {recorder.Percentile(0.5).TotalMicroseconds,9:F2} {recorder.Percentile(0.99).TotalMicroseconds,9:F2}"
        + $" {recorder.Percentile(0.9999).TotalMicroseconds,10:F1} {recorder.Longest.TotalMilliseconds,9:F2} {recorder.LongerThan10Ms,11}"
        + $" {recorder.GarbageCollection.TotalMilliseconds,7:F1}");
}
