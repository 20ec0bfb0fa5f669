namespace JwtRevocation;

/// <summary>The bytes of an entry, compared by what they are.</summary>
internal readonly record struct EntryContent(ReadOnlyMemory<byte> Bytes)
{
    public bool Equals(EntryContent other) => Bytes.Span.SequenceEqual(other.Bytes.Span);

    public override int GetHashCode()
    {
        HashCode hash = default;
        hash.AddBytes(Bytes.Span);
        return hash.ToHashCode();
    }
}
