using System.Collections.Concurrent;
using System.Diagnostics;

namespace JwtRevocation;

/// <summary>The single tokens that are revoked, by fingerprint.</summary>
/// <remarks>
/// An entry that is there revokes its token whatever the clock says: it is for the sweep, and only for the sweep, to judge
/// the time.
/// </remarks>
internal sealed class TokenTable
{
    // Below this many entries a table is too small to be worth replacing.
    private const int ShrinkThreshold = 16_384;

    // Held by those who revoke, and by the sweep while it exchanges tables; never by a request that asks.
    private readonly Lock _writing = new();

    // From a token's fingerprint to the UTC ticks at which its revocation has lapsed.
    private volatile ConcurrentDictionary<TokenFingerprint, long> _entries = new();
    private ConcurrentDictionary<TokenFingerprint, long>? _successor;

    private int _count;
    private int _peak;

    public int Count => Volatile.Read(ref _count);

    public bool Contains(TokenFingerprint fingerprint) => _entries.ContainsKey(fingerprint);

    /// <summary>Adds an entry, or makes it last longer.</summary>
    /// <returns>Until when it is kept now.</returns>
    public long Add(TokenFingerprint fingerprint, long expires)
    {
        lock (_writing)
        {
            if (Merge(_entries, fingerprint, ref expires))
            {
                _peak = Math.Max(_peak, Interlocked.Increment(ref _count));
            }

            if (_successor is not null)
            {
                Merge(_successor, fingerprint, ref expires);
            }
        }

        return expires;
    }

    public IEnumerable<KeyValuePair<TokenFingerprint, long>> Entries() => _entries;

    /// <summary>Drops what had lapsed by <paramref name="lapsed"/>. Sweeps must not overlap.</summary>
    public void Sweep(long lapsed)
    {
        foreach (KeyValuePair<TokenFingerprint, long> entry in _entries)
        {
            // Removes it only with this value: one that was extended meanwhile stays.
            if (entry.Value < lapsed && _entries.TryRemove(entry))
            {
                Interlocked.Decrement(ref _count);
            }
        }

        if (_peak >= ShrinkThreshold && Count < _peak / 4)
        {
            Shrink();
        }
    }

    private static bool Merge(ConcurrentDictionary<TokenFingerprint, long> entries, TokenFingerprint fingerprint, ref long expires)
    {
        while (!entries.TryAdd(fingerprint, expires))
        {
            // The sweep may drop the entry in between; then it is added anew.
            if (entries.TryGetValue(fingerprint, out long held)
                && (held >= expires || entries.TryUpdate(fingerprint, expires, held)))
            {
                expires = Math.Max(expires, held);
                return false;
            }
        }

        return true;
    }

    /// <summary>Moves what is left into a smaller table: a ConcurrentDictionary gives no memory back by itself.</summary>
    private void Shrink()
    {
        Debug.Assert(_successor is null, "Only the sweep shrinks, and sweeps do not overlap.");
        ConcurrentDictionary<TokenFingerprint, long> successor = new();
        lock (_writing)
        {
            _successor = successor;
        }

        // From here on every revocation goes into both tables, so none is lost by being copied too early.
        foreach ((TokenFingerprint fingerprint, long expires) in _entries)
        {
            long merged = expires;
            Merge(successor, fingerprint, ref merged);
        }

        lock (_writing)
        {
            _entries = successor;
            _successor = null;
            _peak = _count;
        }
    }
}
