using System.Collections.Concurrent;

namespace JwtRevocation;

/// <summary>
/// Entries that this node has appended or written back, or has a hint of, and has not read from the log yet. One that a complete read does
/// not find was not taken, or is lost: it is appended once more.
/// </summary>
internal sealed class UnconfirmedEntries(TimeProvider timeProvider)
{
    private readonly ConcurrentDictionary<EntryContent, Entry> _entries = new();

    /// <summary>The number of revocations of this node's own that the log has not acknowledged.</summary>
    public int Unacknowledged => _entries.Count(static entry => entry.Value is { IsOwn: true, Position: null });

    /// <summary>Adds a revocation of this node's own.</summary>
    public void AddOwn(EntryContent content) => _entries[content] = new(timeProvider.GetTimestamp(), IsOwn: true, Position: null);

    /// <summary>Adds one that others know of: by a hint, or because it was in the log before.</summary>
    public void AddKnown(EntryContent content) => _entries.TryAdd(content, new(timeProvider.GetTimestamp(), IsOwn: false, Position: null));

    /// <summary>Notes that the log has acknowledged an entry. That is no proof yet: it may lose it before it is read.</summary>
    /// <param name="content">The entry.</param>
    /// <param name="position">Its position.</param>
    /// <param name="cursor">The position up to which this node has read. It has done so since it appended the entry before.</param>
    /// <remarks>
    /// An entry that had been there before lies behind what was read, and will not be read again. It is there if it has the
    /// same position twice, with a read in between that found the log to be what it was.
    /// </remarks>
    public void Acknowledge(EntryContent content, long position, long cursor)
    {
        if (!_entries.TryGetValue(content, out Entry? entry))
        {
            return;
        }

        if (position <= cursor && position == entry.Position)
        {
            _entries.TryRemove(new(content, entry));
        }
        else
        {
            _entries.TryUpdate(content, new(timeProvider.GetTimestamp(), entry.IsOwn, position), entry);
        }
    }

    public bool Contains(EntryContent content) => _entries.ContainsKey(content);

    /// <summary>Notes that an entry was found by a complete read.</summary>
    public void Confirm(EntryContent content) => _entries.TryRemove(content, out _);

    /// <summary>Those that a read which was sent then would have found.</summary>
    /// <param name="timestamp">When the read was sent.</param>
    /// <param name="announced">Whether those are wanted that no node may have heard of, or the others.</param>
    public IReadOnlyList<EntryContent> From(long timestamp, bool announced) =>
    [
        .. _entries
            .Where(entry => entry.Value.Since < timestamp && entry.Value is { IsOwn: true, Position: null } != announced)
            .Select(static entry => entry.Key),
    ];

    private sealed record Entry(long Since, bool IsOwn, long? Position);
}
