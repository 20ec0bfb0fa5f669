using System.Diagnostics;
using JwtRevocation.Benchmarks.Reporting;

namespace JwtRevocation.Benchmarks;

/// <summary>The time of the check as a ratio to that of a bare dictionary lookup, over random tokens.</summary>
internal static class RatioGate
{
    private const int Batches = 1_000;

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
        Random random = new(1);
        double[][] times = LookupTimes.Measure(
            tokens,
            count => denylist.PickNumbers(count, revoked, random),
            rounds: 1,
            Batches,
            sample => denylist.Store.Check(sample.Token) == RevocationStatus.Revoked,
            sample => denylist.Bare.ContainsKey(sample.Key),
            sample => denylist.Bare.ContainsKey(LookupTimes.Fingerprint(sample.Token)),
            sample => LookupTimes.Fingerprint(sample.Token) == 0);
        if (Array.ConvertAll(times, static rounds => Statistics.Median(rounds)) is not [double check, double bare, double bareFromToken, double fingerprint])
        {
            throw new UnreachableException();
        }

        bool passes = check / bare <= bound;
        Console.WriteLine(
            $"  {denylist.Entries,9:N0} {(revoked ? "hit " : "miss")} {check,6:F1}   {bare,6:F1}  {check / bare,6:F2}  ({bound:F1}) {(passes ? "ok" : "FAILED"),-6}"
            + $"      {bareFromToken,6:F1}  {check / bareFromToken,6:F2}             {fingerprint,6:F1}");
        return passes;
    }
}
