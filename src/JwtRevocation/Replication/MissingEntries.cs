namespace JwtRevocation;

/// <summary>What this node holds and the log does not, found by a whole read; to be written back.</summary>
internal sealed class MissingEntries
{
    private readonly HashSet<EntryContent> _entries;

    private MissingEntries(IEnumerable<EntryContent> entries) => _entries = [.. entries];

    public static MissingEntries None { get; } = new([]);

    public int Count => _entries.Count;

    /// <summary>Compares what is held with what a whole read has seen.</summary>
    /// <param name="held">What this node holds.</param>
    /// <param name="seen">What all entries of the log come to.</param>
    /// <param name="now">What has lapsed by then is not missing; UTC ticks.</param>
    /// <remarks>
    /// Entries of one target are merged as they are read, so that it is not the entries that are compared, but what they come
    /// to. What is written back may be one entry where there were several.
    /// </remarks>
    public static MissingEntries Between(RevocationTables held, RevocationTables seen, long now)
    {
        IEnumerable<EntryContent> tokens = held.Tokens.Entries()
            .Where(token => token.Expires > now && !seen.Tokens.Holds(token.Fingerprint, token.Expires))
            .Select(token => held.HasRemarks(token.Fingerprint)
                ? ContentOf(held.TokenRevocation(token.Fingerprint, token.Expires), withRemarks: true)
                : new(EntryFormat.WriteToken(token.Fingerprint, token.Expires)));

        // Remarks protect nobody, and of those that differ the last one stays: comparing them could go on for ever.
        HashSet<EntryContent> facts = [.. seen.GroupRevocations().Select(fact => ContentOf(fact, withRemarks: false))];
        IEnumerable<EntryContent> groups = held.GroupRevocations()
            .Where(fact => fact.Expires.UtcTicks > now && !facts.Contains(ContentOf(fact, withRemarks: false)))
            .Select(fact => ContentOf(fact, withRemarks: true));

        return new(tokens.Concat(groups));
    }

    /// <summary>Notes that the log has an entry.</summary>
    /// <returns>Whether it was missing.</returns>
    public bool Remove(EntryContent content) => _entries.Count > 0 && _entries.Remove(content);

    public IReadOnlyList<EntryContent> Take(int count) => [.. _entries.Take(count)];

    private static EntryContent ContentOf(Revocation revocation, bool withRemarks) => new(EntryFormat.Write(revocation, withRemarks));
}
