using JwtRevocation.Benchmarks.Reporting;

namespace JwtRevocation.Benchmarks;

/// <summary>The check from no entries to ten million: flat, but for what the processor's caches do not hold.</summary>
internal static class CurveProgram
{
    private const int MostGroupsOfAKind = 100_000;
    private const int Rounds = 5;

    public static void Run(Report report, int[] sizes, int batches)
    {
        report.Write(
            "**The check by the number of entries.** Random tokens, each just read, and each lookup timed by itself. Median of "
            + $"{Rounds} rounds (range), in ns. The ratio is to a bare `ConcurrentDictionary<UInt128, long>` that is given the fingerprint. "
            + $"\"Every kind\" has as many groups of each kind as tokens, but at most {MostGroupsOfAKind:N0}.");
        report.Table(
            ["entries", "not revoked: ratio", "check", "bare dictionary", "revoked: ratio", "check", "bare dictionary", "every kind, not revoked"],
            sizes.Select(size => Row(size, batches)));
    }

    private static string[] Row(int entries, int batches)
    {
        SampleTokens tokens = SampleTokens.Hs256();
        Denylist denylist = Denylist.Of(entries, tokens);
        using InMemoryRevokedTokenStore store = denylist.Store;
        (string ratio, string check, string bare) notRevoked = Compare(revoked: false);
        (string ratio, string check, string bare) isRevoked = entries > 0 ? Compare(revoked: true) : ("", "", "");

        // The last, because there is no way back.
        foreach (Revocation revocation in EveryKind.Of(Math.Min(entries, MostGroupsOfAKind)))
        {
            store.Add(revocation);
        }

        return
        [
            $"{entries:N0}", notRevoked.ratio, notRevoked.check, notRevoked.bare, isRevoked.ratio, isRevoked.check, isRevoked.bare,
            entries > 0 ? Statistics.Describe(Measure(revoked: false)[0], 0) : "",
        ];

        (string Ratio, string Check, string Bare) Compare(bool revoked)
        {
            double[][] times = Measure(revoked);
            return (
                $"**{Statistics.Text(Statistics.Median([.. times[0].Zip(times[1], static (check, bare) => check / bare)]), 2)}**",
                Statistics.Describe(times[0], 0),
                Statistics.Describe(times[1], 0));
        }

        double[][] Measure(bool revoked)
        {
            Random random = new(1);
            return LookupTimes.Measure(
                tokens,
                count => denylist.PickNumbers(count, revoked, random),
                Rounds,
                batches,
                sample => store.Check(sample.Token) == RevocationStatus.Revoked,
                sample => denylist.Bare.ContainsKey(sample.Key));
        }
    }
}
