namespace JwtRevocation;

/// <summary>The revocations of one issuer's tokens.</summary>
internal sealed class IssuerTable
{
    // Replaced whole, so that a request reads it without a lock. One for each kind of claim that is in use, and none for
    // the others: what nobody revokes by costs nothing.
    private volatile ClaimTable[] _claims = [];
    private volatile GroupEntry? _all;

    /// <summary>What is held of the issuer as a whole.</summary>
    public GroupEntry? All
    {
        get => _all;
        set => _all = value;
    }

    public IReadOnlyList<ClaimTable> Claims => _claims;

    public bool IsEmpty => _all is null && _claims.Length == 0 && Dropped.AreNone;

    /// <summary>
    /// What of the issuer's tokens was dropped: those from before these cutoffs may have been revoked by it. UTC ticks.
    /// </summary>
    public DroppedCutoffs Dropped { get; } = new();

    /// <summary>The latest second that a receipt has allowed for a new token of the issuer, but for one claim; UTC ticks.</summary>
    public long LatestPromisedBut(ClaimTable? claims) =>
        _claims.Where(table => table != claims).Select(static table => table.LatestPromised).Append(_all?.Promised ?? long.MinValue).Max();

    /// <summary>The latest first second that any revocation of the issuer's tokens accepts, but for one claim; UTC ticks.</summary>
    public long LatestAcceptedFromBut(ClaimTable? claims) =>
        _claims.Where(table => table != claims).Select(static table => table.LatestAcceptedFrom).Append(_all?.AcceptedFrom ?? long.MinValue).Max();

    public IEnumerable<GroupEntry> Entries()
    {
        IEnumerable<GroupEntry> entries = _claims.SelectMany(static table => table.Entries.Values);
        return _all is { } all ? entries.Append(all) : entries;
    }

    public bool Revokes(ref TokenUnderCheck token)
    {
        if (_all is { } all && all.Revokes(ref token))
        {
            return true;
        }

        foreach (ClaimTable table in _claims)
        {
            if (table.Revokes(ref token))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The table of a claim, made if need be. Only under the lock of those who write.</summary>
    public ClaimTable GetOrAdd(params string[] claims)
    {
        foreach (ClaimTable table in _claims)
        {
            if (table.IsFor(claims))
            {
                return table;
            }
        }

        ClaimTable added = new(claims);
        _claims = [.. _claims, added];
        return added;
    }

    /// <summary>Drops tables with nothing in them. Only under the lock of those who write.</summary>
    public void Prune()
    {
        if (Array.Exists(_claims, static table => table.Entries.IsEmpty))
        {
            _claims = [.. _claims.Where(static table => !table.Entries.IsEmpty)];
        }
    }
}
