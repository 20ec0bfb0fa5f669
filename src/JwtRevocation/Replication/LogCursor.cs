namespace JwtRevocation;

/// <summary>Where a reader of the log is: behind which entry.</summary>
/// <param name="Position">The position of the last entry that was read; 0 if none was.</param>
/// <param name="Content">That entry.</param>
internal sealed record LogCursor(long Position, EntryContent Content)
{
    public static LogCursor Start { get; } = new(0, default);

    /// <summary>
    /// Whether a page that was read from here goes on from what was read before: the entry is still there, and still the
    /// same. If not, the log has lost it, and nobody knows what else; or went back and came to this position anew.
    /// </summary>
    public bool ContinuesIn(LogPage page) =>
        Position == 0 || page.Entries.TakeWhile(entry => entry.Position == Position).Any(IsLast);

    /// <summary>The entries of such a page that may be new.</summary>
    /// <remarks>Some other writer may have given one position twice; all that have it count.</remarks>
    public IEnumerable<LogEntry> NewIn(LogPage page) => page.Entries.Where(entry => !IsLast(entry));

    /// <summary>Behind a page.</summary>
    /// <exception cref="InvalidOperationException">The page is full, and it leads nowhere: all of it is at one position.</exception>
    public LogCursor Past(LogPage page, int pageSize)
    {
        if (page.Entries is not [.., { } last])
        {
            return this;
        }

        return page.Entries.Count < pageSize || last.Position != page.Entries[0].Position
            ? new(last.Position, new(last.Content))
            : throw new InvalidOperationException($"The shared log has {pageSize} entries or more at one position, and cannot be read past it.");
    }

    private bool IsLast(LogEntry entry) => entry.Position == Position && Content == new EntryContent(entry.Content);
}
