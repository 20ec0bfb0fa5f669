namespace JwtRevocation;

/// <summary>What a whole read of the log found to be repaired.</summary>
/// <param name="Missing">What the log lacks.</param>
/// <param name="Lapsed">Entries that the log need not have any more.</param>
internal sealed record Repairs(MissingEntries Missing, List<EntryContent> Lapsed)
{
    public static Repairs None => new(MissingEntries.None(), []);

    public bool AreNone => Missing.Count == 0 && Lapsed.Count == 0;
}
