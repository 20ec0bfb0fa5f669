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
        Position == 0 || (page.Entries is [{ } first, ..] && first.Position == Position && Content == new EntryContent(first.Content));

    /// <summary>The entries of such a page that are new.</summary>
    public IEnumerable<LogEntry> NewIn(LogPage page) => page.Entries.Skip(Position == 0 ? 0 : 1);

    /// <summary>Behind a page.</summary>
    public LogCursor Past(LogPage page) => page.Entries is [.., { } last] ? new(last.Position, new(last.Content)) : this;
}
