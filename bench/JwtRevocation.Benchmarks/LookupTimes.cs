using System.Diagnostics;
using JwtRevocation.Benchmarks.Reporting;
using Microsoft.IdentityModel.JsonWebTokens;

namespace JwtRevocation.Benchmarks;

/// <summary>
/// The time of a single lookup, for random tokens, as a request has it. Each token was just read, as a request's was; what is
/// looked up lies anywhere in memory; and each lookup is timed by itself, because a loop of them has the processor wait for
/// several at once, which a request cannot.
/// </summary>
internal static class LookupTimes
{
    private const int BatchSize = 64;
    private const int WarmUpBatches = 500;

    /// <param name="tokens">What makes the tokens.</param>
    /// <param name="pick">The numbers of so many of them.</param>
    /// <param name="rounds">How many rounds.</param>
    /// <param name="batches">Batches in each.</param>
    /// <param name="contenders">What is timed, in turns.</param>
    /// <returns>For each contender the median of each round, in nanoseconds, without what the timer itself takes.</returns>
    public static double[][] Measure(SampleTokens tokens, Func<int, int[]> pick, int rounds, int batches, params Func<Sample, bool>[] contenders)
    {
        contenders = [static _ => false, .. contenders];
        List<double>[] times = Array.ConvertAll(contenders, _ => new List<double>(rounds * batches));
        for (int batch = -WarmUpBatches; batch < rounds * batches; batch++)
        {
            for (int i = 0; i < contenders.Length; i++)
            {
                // Tokens for each: the next one must not profit from what this one brought into the caches.
                Sample[] samples = [.. tokens.Read(pick(BatchSize)).Select(static token => new Sample(token, Fingerprint(token)))];
                double time = Time(contenders[i], samples);
                if (batch >= 0)
                {
                    times[i].Add(time);
                }
            }
        }

        double timer = Statistics.Median(times[0]);
        return Array.ConvertAll(times[1..], list => list.Chunk(batches).Select(round => Statistics.Median(round) - timer).ToArray());
    }

    public static UInt128 Fingerprint(JsonWebToken token) =>
        TokenFingerprint.TryCreate(token, out TokenFingerprint fingerprint) ? fingerprint.Value : default;

    private static double Time(Func<Sample, bool> contender, Sample[] batch)
    {
        long total = 0;
        foreach (Sample sample in batch)
        {
            long start = Stopwatch.GetTimestamp();
            contender(sample);
            total += Stopwatch.GetTimestamp() - start;
        }

        return Stopwatch.GetElapsedTime(0, total).TotalNanoseconds / batch.Length;
    }

    public sealed record Sample(JsonWebToken Token, UInt128 Key);
}
