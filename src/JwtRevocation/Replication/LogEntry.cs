namespace JwtRevocation;

/// <summary>An entry of an <see cref="IRevocationLog"/>.</summary>
/// <param name="Position">Its position, from 1 on.</param>
/// <param name="Content">
/// A revocation in the format that docs/wire-format.md describes. To the log it is just bytes; equal bytes are the same entry.
/// </param>
public readonly record struct LogEntry(long Position, ReadOnlyMemory<byte> Content);
