using System.Collections.Concurrent;

namespace JwtRevocation;

/// <summary>The revocations of one issuer's tokens by one claim: subjects, sessions, and so on.</summary>
internal sealed class ClaimTable
{
    private readonly string[] _claims;

    public ClaimTable(params string[] claims) => _claims = claims;

    /// <summary>From the claim's value to what is held of it. By ordinal comparison of the whole text.</summary>
    public ConcurrentDictionary<string, GroupEntry> Entries { get; } = new(StringComparer.Ordinal);

    /// <summary>The latest second that a receipt of any of these has allowed for a new token; UTC ticks.</summary>
    public long LatestPromised { get; private set; } = long.MinValue;

    /// <summary>The latest first second that any of these accepts; UTC ticks.</summary>
    public long LatestAcceptedFrom { get; private set; } = long.MinValue;

    public bool IsFor(ReadOnlySpan<string> claims) => claims.SequenceEqual(_claims);

    /// <summary>Puts an entry in place. Only under the lock of those who write.</summary>
    public void Add(string value, GroupEntry entry)
    {
        Entries[value] = entry;
        if (entry.Target.HasCutoff)
        {
            LatestPromised = Math.Max(LatestPromised, entry.Promised);
            LatestAcceptedFrom = Math.Max(LatestAcceptedFrom, entry.AcceptedFrom);
        }
    }

    public bool Revokes(ref TokenUnderCheck token)
    {
        foreach (string claim in _claims)
        {
            if (Revokes(ref token, claim))
            {
                return true;
            }
        }

        return false;
    }

    private bool Revokes(ref TokenUnderCheck token, string claim)
    {
        if (!TokenClaims.TryGet(token.Token.SecurityToken, claim, out object? value))
        {
            return false;
        }

        if (value is string text)
        {
            if (Entries.TryGetValue(text, out GroupEntry? entry))
            {
                return entry.Revokes(ref token);
            }

            if (!TokenClaims.MayBeNumber(claim, text))
            {
                return false;
            }
        }

        // A number, an array, or a string that IdentityModel took for a date: as the token has it.
        ValueSearch search = new(Entries.GetAlternateLookup<ReadOnlySpan<char>>(), token.Token);
        return PayloadReader.AnyValue(
            token.Token.SecurityToken,
            claim,
            static (ReadOnlySpan<char> value, in ValueSearch search) =>
            {
                TokenUnderCheck token = new(in search.Token);
                return search.Entries.TryGetValue(value, out GroupEntry? found) && found.Revokes(ref token);
            },
            in search);
    }

    private readonly struct ValueSearch(ConcurrentDictionary<string, GroupEntry>.AlternateLookup<ReadOnlySpan<char>> entries, RevocableToken token)
    {
        public readonly ConcurrentDictionary<string, GroupEntry>.AlternateLookup<ReadOnlySpan<char>> Entries = entries;
        public readonly RevocableToken Token = token;
    }
}
