namespace JwtRevocation;

/// <summary>What an <see cref="IRevocationLog"/> says at one moment.</summary>
/// <param name="Epoch">The log's epoch; <see langword="null"/> if it has none: it is new, or has lost its data.</param>
/// <param name="Entries">The entries, by position.</param>
public sealed record LogPage(string? Epoch, IReadOnlyList<LogEntry> Entries);
