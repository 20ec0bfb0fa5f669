using System.Diagnostics;
using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace JwtRevocation.Benchmarks.Api.Within;

/// <summary>How long requests take from before authentication until their endpoint has run, for each of the paths.</summary>
internal sealed class WithinTimes
{
    /// <summary>The slowest hundredth is not counted: it is what the collector and the machine do, to any of them.</summary>
    private const double Counted = 0.99;

    private const int Buckets = 100_000;
    private const double BucketMicroseconds = 0.01;

    private readonly int[][] _counts = [.. WithinServer.Paths.Select(static _ => new int[Buckets])];
    private readonly WithinTurns _turns = new();
    private TimeSpan _processorBefore;

    public async Task MeasureAsync(HttpContext context, RequestDelegate next)
    {
        int path = Array.IndexOf(WithinServer.Paths, context.Request.Path.Value);
        long start = Stopwatch.GetTimestamp();
        await next(context);
        double microseconds = Stopwatch.GetElapsedTime(start).TotalMicroseconds;
        Interlocked.Increment(ref _counts[path][Math.Min((int)(microseconds / BucketMicroseconds), Buckets - 1)]);
        _turns.Complete(path);
    }

    public void Restart()
    {
        Array.ForEach(_counts, Array.Clear);
        _turns.Restart();
        _processorBefore = Environment.CpuUsage.TotalTime;
    }

    /// <summary>
    /// The mean time of each path, and the processor time of a request, in microseconds; then what the requests in a second are divided
    /// by those of what is not covered: of another that is not, and of what is.
    /// </summary>
    public string Report()
    {
        double processor = (Environment.CpuUsage.TotalTime - _processorBefore).TotalMicroseconds / _counts.Sum(static counts => counts.Sum());
        return string.Join(' ', _counts.Select(Mean).Append(processor).Append(_turns.Ratio(1, 0, 2)).Append(_turns.Ratio(3, 0, 1, 2)).Select(static number => number.ToString(CultureInfo.InvariantCulture)));
    }

    private static double Mean(int[] counts)
    {
        double total = 0;
        int left = (int)(counts.Sum() * Counted);
        int counted = left;
        for (int i = 0; left > 0; i++)
        {
            int taken = Math.Min(counts[i], left);
            total += taken * (i + 0.5) * BucketMicroseconds;
            left -= taken;
        }

        return total / counted;
    }
}
