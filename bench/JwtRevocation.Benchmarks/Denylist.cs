using System.Collections.Concurrent;
using Microsoft.IdentityModel.JsonWebTokens;

namespace JwtRevocation.Benchmarks;

/// <summary>The same revoked tokens in the library's store, and in the dictionaries that it is compared with.</summary>
internal sealed class Denylist
{
    // Tokens take longer to make than to revoke, and more than these nobody asks for.
    private const int MostTokens = 1_000_000;

    private Denylist(int entries) => Entries = entries;

    public int Entries { get; }

    public InMemoryRevokedTokenStore Store { get; } = new();

    /// <summary>The least that a lookup can cost: the fingerprint is in hand, and nothing else is asked.</summary>
    public ConcurrentDictionary<UInt128, long> Bare { get; } = new();

    /// <summary>What is often recommended: the signature's text, which other spellings of the same token evade.</summary>
    public ConcurrentDictionary<string, DateTime> BySignatureText { get; } = new();

    /// <summary>Revokes the tokens numbered from 0 on; past the first million, tokens that do not exist.</summary>
    public static Denylist Of(int entries, SampleTokens tokens, bool withText = false)
    {
        Denylist denylist = new(entries);
        foreach (JsonWebToken token in tokens.Read(Enumerable.Range(0, Math.Min(entries, MostTokens))))
        {
            RevocationTarget target = RevocationTarget.Token(token);
            denylist.Store.Add(target, DateTimeOffset.MaxValue);
            denylist.Bare.TryAdd(target.Fingerprint!.Value.Value, long.MaxValue);
            if (withText)
            {
                denylist.BySignatureText.TryAdd(token.EncodedSignature, DateTime.MaxValue);
            }
        }

        Random random = new(1);
        for (int i = MostTokens; i < entries; i++)
        {
            TokenFingerprint fingerprint = new(new UInt128((ulong)random.NextInt64(), (ulong)random.NextInt64()));
            denylist.Store.Add(RevocationTarget.OfStored(fingerprint), DateTimeOffset.MaxValue);
            denylist.Bare.TryAdd(fingerprint.Value, long.MaxValue);
        }

        return denylist;
    }

    /// <summary>Numbers of tokens at random: all of them revoked, or none.</summary>
    public int[] PickNumbers(int count, bool revoked, Random random)
    {
        int[] numbers = new int[count];
        for (int i = 0; i < count; i++)
        {
            numbers[i] = revoked ? random.Next(Math.Min(Entries, MostTokens)) : Entries + random.Next(int.MaxValue - Entries);
        }

        return numbers;
    }
}
