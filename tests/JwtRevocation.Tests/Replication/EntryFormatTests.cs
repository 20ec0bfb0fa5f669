using System.Buffers.Binary;
using System.Text;
using CsCheck;
using Microsoft.Extensions.Time.Testing;
using Microsoft.IdentityModel.JsonWebTokens;

namespace JwtRevocation.Tests.Replication;

/// <summary>What anybody may have written into the shared log: it is read or skipped, and nothing that is read breaks a node.</summary>
public sealed class EntryFormatTests
{
    // Version, kind and flags; then one time for a token, and three for everything else.
    private const int TimesStart = 3;
    private const int GroupTimesEnd = TimesStart + (3 * sizeof(long));

    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly long LastSecond = DateTimeOffset.MaxValue.ToUnixTimeSeconds();
    private static readonly long FirstSecond = DateTimeOffset.MinValue.ToUnixTimeSeconds();

    private static readonly Gen<long> AnySecond = Gen.OneOf(
        Gen.Long[-10, 10], Gen.Long[FirstSecond - 3, FirstSecond + 3], Gen.Long[LastSecond - 3, LastSecond + 3],
        Gen.Long[Now.ToUnixTimeSeconds() - 3, Now.ToUnixTimeSeconds() + 3], Gen.OneOf(long.MinValue, long.MaxValue, 0), Gen.Long);

    private static readonly Gen<long> AnyMicrosecond = Gen.OneOf(
        Gen.Select(Gen.Long[FirstSecond - 2, FirstSecond + 2], Gen.Long[-1, 1], (seconds, more) => (seconds * 1_000_000) + more),
        Gen.Select(Gen.Long[LastSecond - 2, LastSecond + 2], Gen.Long[-1, 1], (seconds, more) => (seconds * 1_000_000) + more),
        Gen.Select(Gen.Long[Now.ToUnixTimeSeconds() - 2, Now.ToUnixTimeSeconds() + 2], Gen.Long[0, 999_999], (seconds, more) => (seconds * 1_000_000) + more),
        Gen.OneOf(long.MinValue, long.MaxValue, 0), Gen.Long);

    private static readonly Gen<byte[]> AnyText = Gen.Frequency(
        (8, Gen.OneOf("", "a", "sub", "sid", "jti", "tenant", "\uFEFFa", "żółć \U0001F511").Select(Encoding.UTF8.GetBytes)),
        (1, Gen.Byte.Array[0, 6]));

    private static readonly Gen<byte[]> WellFormed = Gen.Select(
        Gen.Byte[0, 8], Gen.OneOf(Gen.OneOf((byte)0, (byte)1, (byte)2, (byte)4, (byte)8, (byte)48), Gen.Byte[0, 66]), AnySecond, AnyMicrosecond, AnySecond,
        AnyText.Array[8], Gen.ULong, (kind, contents, expires, cutoff, acceptedFrom, texts, fingerprint) => Assemble(kind, contents, [expires, cutoff, acceptedFrom], texts, fingerprint));

    private static readonly Gen<byte[]> Anything = Gen.OneOf(
        WellFormed, WellFormed, Gen.Byte.Array[0, 60],
        Gen.Select(WellFormed, Gen.Int[0, 200], Gen.Byte, (entry, at, value) => Replace(entry, at, value)),
        Gen.Select(WellFormed, Gen.Int[0, 200], (entry, length) => entry[..Math.Min(length, entry.Length)]),
        Gen.Select(WellFormed, Gen.Byte.Array[1, 3], (entry, more) => (byte[])[.. entry, .. more]));

    [Fact]
    public void Whatever_is_read_is_written_as_it_was_but_for_times_that_no_writer_writes()
    {
        int read = 0;
        Anything.Sample(
            entry =>
            {
                if (EntryFormat.Read(entry) is not { } revocation)
                {
                    EntryFormat.TryReadToken(entry, out _, out _).Should().BeFalse();
                    return;
                }

                Interlocked.Increment(ref read);
                byte[] written = EntryFormat.Write(revocation);
                int timesEnd = revocation.Target.Kind == RevocationTargetKind.Token ? TimesStart + sizeof(long) : GroupTimesEnd;
                written[..TimesStart].Should().Equal(entry[..TimesStart]);
                written[timesEnd..].Should().Equal(entry[timesEnd..]);
                EntryFormat.Write(EntryFormat.Read(written)!).Should().Equal(written);
                EntryFormat.Write(EntryFormat.Round(revocation, Now)).Should().Equal(written);
                if (HasTimesOfWriters(entry, revocation))
                {
                    written.Should().Equal(entry);
                }
            },
            iter: 50_000);
        read.Should().BeGreaterThan(5_000, "or this test shows nothing");
    }

    [Fact]
    public void Whatever_is_held_says_the_same_when_it_was_written_back() =>
        Gen.Select(WellFormed, Gen.Bool).Sample(
            (entry, isCapped) =>
            {
                RevocationTables held = new();
                Add(held, entry, isCapped);
                RevocationTables other = new();
                foreach (Revocation fact in All(held))
                {
                    Add(other, EntryFormat.Write(fact), isCapped: false);
                }

                Facts(other).Should().BeEquivalentTo(Facts(held));
            },
            iter: 50_000);

    [Fact]
    public void Whatever_is_held_this_node_can_list_and_revoke_the_same_again() =>
        Gen.Select(WellFormed.Array[1, 12], Gen.Bool, Gen.Bool).Sample(
            (entries, isCapped, signsNewToken) =>
            {
                RevocationTables held = new();
                foreach (byte[] entry in entries)
                {
                    Add(held, entry, isCapped);
                }

                foreach (RevocationTarget target in All(held).Select(static fact => fact.Target).Distinct().ToArray())
                {
                    try
                    {
                        Revocation again = new() { Target = target, Expires = Now, SignsNewToken = signsNewToken && target.HasCutoff };
                        EntryFormat.Write(held.Add(EntryFormat.Round(again, Now), Now).Added);
                    }
                    catch (RevocationFailedException) when (signsNewToken)
                    {
                        // A new token's time would have to lie far ahead.
                    }
                }

                Facts(held).Should().NotContainNulls();
            },
            iter: 20_000);

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void What_lapses_before_its_cutoff_keeps_nobody_out_afterwards(byte kind)
    {
        // One that says "whenever issued" by a cutoff at the end of time, or that was written by a clock which is ahead.
        long expires = Now.AddHours(-1).ToUnixTimeSeconds();
        long cutoff = (kind == 2 ? DateTimeOffset.MaxValue : Now.AddHours(20)).ToUnixTimeSeconds() * 1_000_000;
        RevocationTables held = new();
        Add(held, Assemble(kind, 0, [expires, cutoff, 0], [.. Enumerable.Repeat(Encoding.UTF8.GetBytes(TestTokens.Issuer), 2)], 0), isCapped: true);
        held.Count.Should().Be(1);

        held.Sweep(Now.UtcTicks);

        string token = TestTokens.Create(configure: token => token.IssuedAt = Now.UtcDateTime);
        RevocableToken.TryCreate(new JsonWebToken(token), out RevocableToken revocable).Should().BeTrue();
        held.GetStatus(in revocable).Should().Be(RevocationStatus.NotRevoked);
    }

    private static void Add(RevocationTables tables, byte[] entry, bool isCapped)
    {
        if (EntryFormat.Read(entry) is { } revocation)
        {
            tables.Add(isCapped ? new CutoffsAhead(new FakeTimeProvider(Now)).Cap(revocation, entry) : revocation, Now);
        }
    }

    private static IEnumerable<Revocation> All(RevocationTables tables) => tables.TokenRevocations().Concat(tables.GroupRevocations());

    private static HashSet<string> Facts(RevocationTables tables) =>
        [.. All(tables).Select(fact => Convert.ToHexString(EntryFormat.Write(WithoutRemarks(fact))))];

    // Of remarks that differ, the last one stays: they depend on the order.
    private static Revocation WithoutRemarks(Revocation fact) => new()
    {
        Target = fact.Target,
        Expires = fact.Expires,
        Cutoff = fact.Cutoff,
        AcceptedFrom = fact.AcceptedFrom,
        ByAuthenticationTime = fact.ByAuthenticationTime,
        SignsNewToken = fact.SignsNewToken,
        Except = fact.Except,
    };

    private static bool HasTimesOfWriters(byte[] entry, Revocation revocation)
    {
        bool IsSecond(long number) => number == long.MaxValue || (number >= FirstSecond && number < LastSecond);
        long At(int index) => BinaryPrimitives.ReadInt64BigEndian(entry.AsSpan(TimesStart + (index * sizeof(long))));
        return IsSecond(At(0))
            && (revocation.Target.Kind == RevocationTargetKind.Token
                || (At(1) >= FirstSecond * 1_000_000 && At(1) < (LastSecond - 1) * 1_000_000
                    && (!revocation.Target.HasCutoff || (IsSecond(At(2)) && At(2) > Math.Floor(At(1) / 1e6m)))));
    }

    private static byte[] Replace(byte[] entry, int at, byte value)
    {
        byte[] replaced = [.. entry];
        replaced[at % entry.Length] = value;
        return replaced;
    }

    private static byte[] Assemble(byte kind, byte contents, long[] times, byte[][] texts, ulong fingerprint)
    {
        bool isToken = kind == 0;
        List<byte> entry = [1, kind, contents];
        Queue<byte[]> rest = new(texts);
        foreach (long time in isToken ? times[..1] : [times[0], times[1], kind is 1 or 2 ? 0 : times[2]])
        {
            Add(time);
        }

        AddTarget(kind);
        AddTarget((contents & 12) switch { 4 => 2, 8 => 0, _ => 7 });
        for (int remark = 16; remark <= 32; remark *= 2)
        {
            if ((contents & remark) != 0)
            {
                AddText();
            }
        }

        return [.. entry];

        void Add(long number)
        {
            byte[] bytes = new byte[sizeof(long)];
            BinaryPrimitives.WriteInt64BigEndian(bytes, number);
            entry.AddRange(bytes);
        }

        void AddText()
        {
            byte[] text = rest.Dequeue();
            entry.AddRange([(byte)(text.Length >> 8), (byte)text.Length, .. text]);
        }

        void AddTarget(int target)
        {
            if (target == 0)
            {
                Add((long)fingerprint);
                Add((long)fingerprint);
            }

            for (int i = 0; i < target switch { 0 or 7 or 8 => 0, 5 => 3, 6 => 1, _ => 2 }; i++)
            {
                AddText();
            }
        }
    }
}
