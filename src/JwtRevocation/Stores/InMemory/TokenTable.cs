namespace JwtRevocation;

/// <summary>The single tokens that are revoked, by fingerprint.</summary>
/// <remarks>
/// <para>
/// An entry that is there revokes its token whatever the clock says: it is for the sweep, and only for the sweep, to judge
/// the time.
/// </para>
/// <para>
/// It is many small tables, so that one which must grow keeps those who revoke waiting for a sixty-fourth of the time.
/// </para>
/// </remarks>
internal sealed class TokenTable
{
    private const int Tables = 64;
    private const int ShiftToTable = 32 - 6;

    private readonly FingerprintTable[] _tables = [.. Enumerable.Range(0, Tables).Select(static _ => new FingerprintTable())];

    // Of each table, side by side, because nearly every lookup ends with them.
    private readonly FingerprintTags[] _tags;

    // One for each table. Held by those who write to it; never by a request that asks.
    private readonly Lock[] _writing = [.. Enumerable.Range(0, Tables).Select(static _ => new Lock())];

    public TokenTable() => _tags = Array.ConvertAll(_tables, static table => table.Tags());

    public int Count => _tables.Sum(static table => table.Count);

    public bool Contains(TokenFingerprint fingerprint)
    {
        // Nobody can choose tokens that crowd together. Its upper bits choose the table, its lower bits the slot.
        int hash = fingerprint.GetHashCode();
        int index = hash >>> ShiftToTable;
        return _tags[index].MayContain(hash) && Volatile.Read(ref _tables[index]).Contains(fingerprint, hash);
    }

    /// <summary>Adds an entry, or makes it last longer.</summary>
    /// <returns>UTC ticks until which it is kept now.</returns>
    public long Add(TokenFingerprint fingerprint, long expires)
    {
        int hash = fingerprint.GetHashCode();
        int index = hash >>> ShiftToTable;
        lock (_writing[index])
        {
            if (_tables[index].IsFull)
            {
                Rebuild(index);
            }

            return _tables[index].Merge(fingerprint, hash, expires);
        }
    }

    /// <summary>Whether an entry is held that lasts that long.</summary>
    /// <param name="fingerprint">The fingerprint.</param>
    /// <param name="expires">UTC ticks.</param>
    public bool Holds(TokenFingerprint fingerprint, long expires)
    {
        int hash = fingerprint.GetHashCode();
        return Volatile.Read(ref _tables[hash >>> ShiftToTable]).ExpiresOf(fingerprint, hash) is > 0 and var held && held >= expires;
    }

    public IEnumerable<(TokenFingerprint Fingerprint, long Expires)> Entries() => _tables.SelectMany(static table => table.Entries());

    /// <summary>Drops what had lapsed by <paramref name="lapsed"/>. Sweeps must not overlap.</summary>
    public void Sweep(long lapsed)
    {
        for (int index = 0; index < Tables; index++)
        {
            Volatile.Read(ref _tables[index]).Sweep(lapsed);
            if (_tables[index].IsSparse)
            {
                lock (_writing[index])
                {
                    Rebuild(index);
                }
            }
        }
    }

    private void Rebuild(int index)
    {
        FingerprintTable table = _tables[index].Rebuild();
        Volatile.Write(ref _tables[index], table);

        // Whoever sees these sees the table that they are of.
        _tags[index].Replace(table.Tags());
    }
}
