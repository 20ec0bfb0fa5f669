using System.Diagnostics;
using JwtRevocation.Benchmarks.Reporting;
using Microsoft.IdentityModel.JsonWebTokens;

namespace JwtRevocation.Benchmarks;

/// <summary>
/// The time of the check as a ratio to that of a bare dictionary lookup, over random tokens. Each token was just read, as
/// a request's was; what is looked up lies anywhere in memory; and each lookup is timed by itself, because a loop of them
/// has the processor wait for several at once, which a request cannot.
/// </summary>
internal static class RatioGate
{
    private const int BatchSize = 64;
    private const int WarmUpRounds = 500;
    private const int Rounds = 1_000;

    public static bool Passes()
    {
        Console.WriteLine();
        Console.WriteLine("Median time in ns, and the check's as a ratio to that of a bare dictionary lookup");
        Console.WriteLine("                          with its key in hand        with its key from the token");
        Console.WriteLine("    entries      check     bare   ratio  (bound)          bare   ratio             fingerprint alone");
        // Twice what was measured on a busy machine, and more: what matters is a change of kind.
        return Passes(10_000, bound: 3) & Passes(1_000_000, bound: 2.5);
    }

    private static bool Passes(int entries, double bound)
    {
        SampleTokens tokens = SampleTokens.Hs256();
        Denylist denylist = Denylist.Of(entries, tokens);
        using InMemoryRevokedTokenStore store = denylist.Store;
        return Passes(denylist, tokens, revoked: true, bound) & Passes(denylist, tokens, revoked: false, bound);
    }

    private static bool Passes(Denylist denylist, SampleTokens tokens, bool revoked, double bound)
    {
        Func<Sample, bool>[] contenders =
        [
            static _ => false,
            sample => denylist.Store.Check(sample.Token) == RevocationStatus.Revoked,
            sample => denylist.Bare.ContainsKey(sample.Key),
            sample => denylist.Bare.ContainsKey(Fingerprint(sample.Token)),
            sample => Fingerprint(sample.Token) == 0,
        ];
        List<double>[] times = Array.ConvertAll(contenders, _ => new List<double>(Rounds));
        Random random = new(1);
        for (int round = -WarmUpRounds; round < Rounds; round++)
        {
            for (int i = 0; i < contenders.Length; i++)
            {
                // Tokens for each: the next one must not profit from what this one brought into the caches.
                Sample[] batch = [.. tokens.Read(denylist.PickNumbers(BatchSize, revoked, random)).Select(token => new Sample(token, Fingerprint(token)))];
                double time = Time(contenders[i], batch);
                if (round >= 0)
                {
                    times[i].Add(time);
                }
            }
        }

        double timer = Statistics.Median(times[0]);
        if (Array.ConvertAll(times[1..], list => Statistics.Median(list) - timer) is not [double check, double bare, double bareFromToken, double fingerprint])
        {
            throw new UnreachableException();
        }

        bool passes = check / bare <= bound;
        Console.WriteLine(
            $"  {denylist.Entries,9:N0} {(revoked ? "hit " : "miss")} {check,6:F1}   {bare,6:F1}  {check / bare,6:F2}  ({bound:F1}) {(passes ? "ok" : "FAILED"),-6}"
            + $"      {bareFromToken,6:F1}  {check / bareFromToken,6:F2}             {fingerprint,6:F1}");
        return passes;
    }

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

    private static UInt128 Fingerprint(JsonWebToken token) =>
        TokenFingerprint.TryCreate(token, out TokenFingerprint fingerprint) ? fingerprint.Value : default;

    private sealed record Sample(JsonWebToken Token, UInt128 Key);
}
