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

    public bool IsEmpty => _all is null && _claims.Length == 0;

    /// <summary>The latest time that a receipt has told the issuer to put into a new token; UTC ticks.</summary>
    public long LatestAcceptedFrom => LatestAcceptedFromBut(null);

    public long LatestAcceptedFromBut(ClaimTable? claims) =>
        _claims.Where(table => table != claims).Select(static table => table.LatestAcceptedFrom)
            .Append(_all?.AcceptedFrom ?? long.MinValue).Max();

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
