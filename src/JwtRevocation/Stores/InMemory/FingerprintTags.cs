namespace JwtRevocation;

/// <summary>
/// What a lookup that finds nothing needs of a <see cref="FingerprintTable"/>: a byte for each of its slots, with a few bits of the
/// hash of what is in it.
/// </summary>
/// <remarks>
/// How many they are is kept beside the reference: the processor asks memory for the byte without having waited for the array, or
/// for the table, to tell where it is. Of the two, a reader may see one that is newer than the other.
/// </remarks>
internal struct FingerprintTags(byte[] tags)
{
    /// <summary>That of a slot in which there is nothing.</summary>
    public const byte None = 0;

    private byte[] _tags = tags;
    private int _mask = tags.Length - 1;

    /// <summary>That of what has this hash code.</summary>
    public static byte Of(int hash) =>
        // Bits that choose neither the table, of many, nor the slot, in one of up to a quarter of a million; never None.
        (byte)((hash >>> 18) | 1);

    /// <summary>Takes the place of these, while others read them.</summary>
    public void Replace(FingerprintTags other)
    {
        Volatile.Write(ref _tags, other._tags);
        Volatile.Write(ref _mask, other._mask);
    }

    /// <summary>Whether the table has to be asked; if not, it holds nothing with this hash code.</summary>
    public bool MayContain(int hash)
    {
        byte[] tags = Volatile.Read(ref _tags);
        int mask = Volatile.Read(ref _mask);
        if (mask != tags.Length - 1)
        {
            // They are being replaced.
            return true;
        }

        byte tag = Of(hash);
        for (int i = hash; ; i++)
        {
            byte found = Volatile.Read(ref tags[i & mask]);
            if (found == None || found == tag)
            {
                return found == tag;
            }
        }
    }
}
