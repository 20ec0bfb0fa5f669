using CsCheck;

namespace JwtRevocation.Tests.Replication;

/// <summary>What a node writes back to a log that has lost something.</summary>
public sealed class WriteBackTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static readonly Gen<RevocationTarget> Target = Gen.OneOf(
        RevocationTarget.Subject("i", "s"), RevocationTarget.Subject("i", "s"), RevocationTarget.Subject("i", "s"), RevocationTarget.Subject("i", "t"),
        RevocationTarget.Session("i", "1"), RevocationTarget.TokenId("i", "1"), RevocationTarget.IssuedBy("i"), RevocationTarget.Everything,
        RevocationTarget.OfStored(new(1)), RevocationTarget.OfStored(new(2)));

    private static readonly Gen<RevocationTarget?> Spared = Gen.OneOf(
        (RevocationTarget?)null, null, RevocationTarget.Session("i", "1"), RevocationTarget.Session("i", "2"), RevocationTarget.OfStored(new(1)), RevocationTarget.OfStored(new(2)));

    private static readonly Gen<Revocation> AnyRevocation = Gen.Select(
        Target, Spared, Gen.Int[0, 5_000], Gen.Int[0, 3], Gen.Bool, Gen.Bool,
        (target, spared, milliseconds, hours, byAuthenticationTime, signs) => new Revocation
        {
            Target = target,
            Expires = Start.AddDays(1).AddHours(hours),
            Cutoff = target.Kind == RevocationTargetKind.Token ? null : Start.AddMilliseconds(milliseconds),
            Except = target.HasCutoff ? spared : null,
            ByAuthenticationTime = target.HasCutoff && byAuthenticationTime,
            SignsNewToken = target.HasCutoff && signs,
        });

    [Fact]
    public void What_was_written_back_is_missing_no_more_whatever_the_log_had_kept_and_in_whatever_order() =>
        Gen.Select(AnyRevocation.Array[1, 12], Gen.Int).Sample(
            (revocations, seed) =>
            {
                Random random = new(seed);
                RevocationTables held = new();
                List<byte[]> log = [];
                foreach (Revocation revocation in revocations)
                {
                    byte[] entry = EntryFormat.Write(held.Add(EntryFormat.Round(revocation, Start), Start).Added);
                    if (random.Next(3) == 0)
                    {
                        log.Add(entry);
                    }
                }

                MissingEntries missing = MissingEntries.Between(held, Read(log, random), Start.UtcTicks);
                log.AddRange(missing.Take(int.MaxValue).Select(entry => entry.Bytes.ToArray()));

                MissingEntries.Between(held, Read(log, random), Start.UtcTicks).Count.Should().Be(0);
            },
            iter: Math.Max(20_000, Check.Iter));

    private static RevocationTables Read(List<byte[]> log, Random random)
    {
        RevocationTables seen = new();
        byte[][] entries = [.. log];
        random.Shuffle(entries);
        foreach (byte[] entry in entries)
        {
            seen.Add(EntryFormat.Read(entry)!, Start);
        }

        return seen;
    }
}
