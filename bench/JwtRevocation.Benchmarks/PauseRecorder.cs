using System.Diagnostics;
using Microsoft.IdentityModel.JsonWebTokens;

namespace JwtRevocation.Benchmarks;

/// <summary>
/// One thread that checks tokens without a break, as a request would, and records how long each takes. Nothing between
/// two of them escapes: a pause of the whole process counts as well.
/// </summary>
internal sealed class PauseRecorder(InMemoryRevokedTokenStore store, JsonWebToken[] tokens)
{
    // A bucket for every eighth of a power of two, so that recording costs next to nothing.
    private const int Eighths = 8;
    private readonly long[] _buckets = new long[64 * Eighths];
    private volatile bool _stopped;

    public long Checks { get; private set; }

    public TimeSpan Longest { get; private set; }

    public int LongerThan10Ms { get; private set; }

    public TimeSpan GarbageCollection { get; private set; }

    /// <summary>Records while <paramref name="work"/> runs.</summary>
    public static PauseRecorder During(Action work, InMemoryRevokedTokenStore store, JsonWebToken[] tokens)
    {
        PauseRecorder recorder = new(store, tokens);
        Thread thread = new(recorder.Record);
        TimeSpan before = GC.GetTotalPauseDuration();
        thread.Start();
        work();
        recorder._stopped = true;
        thread.Join();
        recorder.GarbageCollection = GC.GetTotalPauseDuration() - before;
        return recorder;
    }

    /// <summary>The time within which this part of the checks was done.</summary>
    public TimeSpan Percentile(double part)
    {
        long rest = (long)(Checks * (1 - part));
        int bucket = _buckets.Length - 1;
        for (long above = 0; bucket > 0 && (above += _buckets[bucket]) <= rest; bucket--)
        {
        }

        return TimeSpan.FromTicks((long)(Math.Pow(2, (bucket + 1.0) / Eighths) * TimeSpan.TicksPerSecond / Stopwatch.Frequency));
    }

    private void Record()
    {
        long longest = 0;
        long last = Stopwatch.GetTimestamp();
        for (int i = 0; !_stopped; i = (i + 1) % tokens.Length)
        {
            store.Check(tokens[i]);
            long now = Stopwatch.GetTimestamp();
            long time = Math.Max(now - last, 1);
            last = now;
            _buckets[(int)(Math.Log2(time) * Eighths)]++;
            longest = Math.Max(longest, time);
            LongerThan10Ms += time > Stopwatch.Frequency / 100 ? 1 : 0;
            Checks++;
        }

        Longest = Stopwatch.GetElapsedTime(0, longest);
    }
}
