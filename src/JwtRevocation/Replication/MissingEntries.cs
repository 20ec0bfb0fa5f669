namespace JwtRevocation;

/// <summary>What this node holds and the log does not, found by a whole read; to be written back.</summary>
internal sealed class MissingEntries
{
    private readonly HashSet<EntryContent> _entries;

    private MissingEntries(IEnumerable<EntryContent> entries) => _entries = [.. entries];

    public static MissingEntries None() => new([]);

    public int Count => _entries.Count;

    /// <summary>Compares what is held with what a whole read has seen.</summary>
    /// <param name="held">What this node holds.</param>
    /// <param name="seen">What all entries of the log come to. What is missing is added to it.</param>
    /// <param name="now">What has lapsed by then is not missing; UTC ticks.</param>
    /// <remarks>
    /// Entries of one target are merged as they are read, so that it is not the entries that are compared, but what they come
    /// to: a fact is missing if adding it to the rest makes a difference. What is written back may be one entry where there
    /// were several.
    /// </remarks>
    public static MissingEntries Between(RevocationTables held, RevocationTables seen, long now)
    {
        IEnumerable<EntryContent> tokens = held.Tokens.Entries()
            .Where(token => token.Expires > now && !seen.Tokens.Holds(token.Fingerprint, token.Expires))
            .Select(token => held.HasRemarks(token.Fingerprint)
                ? new(EntryFormat.Write(held.TokenRevocation(token.Fingerprint, token.Expires)))
                : new EntryContent(EntryFormat.WriteToken(token.Fingerprint, token.Expires)));
        IEnumerable<EntryContent> groups = held.GroupRevocations()
            .Where(fact => fact.Expires.UtcTicks > now && seen.AddGroup(fact))
            .Select(static fact => new EntryContent(EntryFormat.Write(fact)));
        return new(tokens.Concat(groups));
    }

    public bool Contains(EntryContent content) => _entries.Count > 0 && _entries.Contains(content);

    /// <summary>Notes that the log has an entry, or will have.</summary>
    public void Remove(EntryContent content) => _entries.Remove(content);

    public IReadOnlyList<EntryContent> Take(int count) => [.. _entries.Take(count)];
}
