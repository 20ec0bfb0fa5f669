using System.Diagnostics;

namespace JwtRevocation;

/// <summary>
/// A hash table from fingerprints to the UTC ticks at which they lapse, for one writer at a time and any number of readers,
/// who take no lock.
/// </summary>
/// <remarks>
/// <para>
/// It is arrays without references: a lookup does not follow a chain of nodes, as in a ConcurrentDictionary; and the garbage
/// collector has nothing in it to follow or to move, however many entries there are. docs/how-it-works.md says what that did.
/// </para>
/// <para>
/// Nearly every lookup finds nothing. A byte for each slot, with a few bits of the hash of what is in it, tells that without
/// the slot: all these bytes are a twenty-fourth of the slots, and sooner in the processor's caches.
/// </para>
/// <para>
/// A slot that has got a fingerprint keeps it: entries lapse, but only a new table gets rid of their slots. So a reader
/// never sees half of one fingerprint and half of another.
/// </para>
/// </remarks>
internal sealed class FingerprintTable
{
    private const int SmallestCapacity = 16;
    private const long Free = 0;
    private const long Lapsed = -1;

    private readonly Slot[] _slots;
    private readonly byte[] _tags;
    private int _used;
    private int _count;

    public FingerprintTable()
        : this(SmallestCapacity)
    {
    }

    private FingerprintTable(int capacity) => (_slots, _tags) = (new Slot[capacity], new byte[capacity]);

    /// <summary>The number of entries that have not been made to lapse.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Whether one more fingerprint would crowd it: from two thirds on, lookups get slow.</summary>
    public bool IsFull => _used >= _slots.Length / 3 * 2;

    /// <summary>Whether it takes much more memory than its entries need.</summary>
    public bool IsSparse => _slots.Length > SmallestCapacity && Count < _slots.Length / 8;

    /// <param name="fingerprint">The fingerprint.</param>
    /// <param name="hash">Its hash code, which the caller has at hand.</param>
    public bool Contains(TokenFingerprint fingerprint, int hash) => ExpiresOf(fingerprint, hash) > 0;

    /// <summary>UTC ticks at which the entry lapses; not positive if there is none.</summary>
    /// <param name="fingerprint">The fingerprint.</param>
    /// <param name="hash">Its hash code, which the caller has at hand.</param>
    public long ExpiresOf(TokenFingerprint fingerprint, int hash)
    {
        (ulong upper, ulong lower) = Halves(fingerprint);
        byte tag = FingerprintTags.Of(hash);
        byte[] tags = _tags;
        for (int i = hash; ; i++)
        {
            int index = i & (tags.Length - 1);

            // Read once, and first: whoever sees the tag sees the slot that it stands for.
            byte found = Volatile.Read(ref tags[index]);
            if (found == FingerprintTags.None)
            {
                return Free;
            }

            if (found == tag)
            {
                ref Slot slot = ref _slots[index];
                if (slot.Lower == lower && slot.Upper == upper)
                {
                    return Volatile.Read(ref slot.Expires);
                }
            }
        }
    }

    /// <summary>Its tags, for a lookup to begin with.</summary>
    public FingerprintTags Tags() => new(_tags);

    /// <summary>Adds an entry, or makes it last longer. It must not be full.</summary>
    /// <param name="fingerprint">The fingerprint.</param>
    /// <param name="hash">Its hash code.</param>
    /// <param name="expires">UTC ticks at which it lapses.</param>
    /// <returns>When it lapses now.</returns>
    public long Merge(TokenFingerprint fingerprint, int hash, long expires)
    {
        // Others have a meaning of their own, and a moment of the year 1 is long past.
        expires = Math.Max(expires, 1);
        int index = Find(fingerprint, hash);
        ref Slot slot = ref _slots[index];
        if (slot.Expires == Free)
        {
            (slot.Upper, slot.Lower) = Halves(fingerprint);

            // Then the time, and the tag last, so that whoever sees that the slot is taken, by either, sees by what.
            Volatile.Write(ref slot.Expires, expires);
            Volatile.Write(ref _tags[index], FingerprintTags.Of(hash));
            _used++;
            Interlocked.Increment(ref _count);
            return expires;
        }

        // The sweep may make it lapse in between; then it is brought back.
        long held;
        while ((held = Volatile.Read(ref slot.Expires)) < expires)
        {
            if (Interlocked.CompareExchange(ref slot.Expires, expires, held) == held)
            {
                if (held == Lapsed)
                {
                    Interlocked.Increment(ref _count);
                }

                return expires;
            }
        }

        return held;
    }

    /// <summary>Makes every entry lapse whose time is before <paramref name="time"/>. May run beside a writer.</summary>
    public void Sweep(long time)
    {
        foreach (ref Slot slot in _slots.AsSpan())
        {
            long held = Volatile.Read(ref slot.Expires);

            // Only with this value: one that was extended meanwhile stays.
            if (held > 0 && held < time && Interlocked.CompareExchange(ref slot.Expires, Lapsed, held) == held)
            {
                Interlocked.Decrement(ref _count);
            }
        }
    }

    /// <summary>Makes a table of the entries that is at most half full. No writer may be about; a sweep may.</summary>
    public FingerprintTable Rebuild()
    {
        int capacity = SmallestCapacity;
        while (capacity / 2 < Count)
        {
            capacity = checked(capacity * 2);
        }

        FingerprintTable table = new(capacity);
        foreach ((TokenFingerprint fingerprint, long expires) in Entries())
        {
            Debug.Assert(!table.IsFull, "There are no more entries than were counted.");
            table.Merge(fingerprint, fingerprint.GetHashCode(), expires);
        }

        return table;
    }

    public IEnumerable<(TokenFingerprint Fingerprint, long Expires)> Entries()
    {
        for (int i = 0; i < _slots.Length; i++)
        {
            // First: what is taken has its fingerprint.
            long expires = Volatile.Read(ref _slots[i].Expires);
            if (expires > 0)
            {
                yield return (new(new UInt128(_slots[i].Upper, _slots[i].Lower)), expires);
            }
        }
    }

    private static (ulong Upper, ulong Lower) Halves(TokenFingerprint fingerprint) =>
        ((ulong)(fingerprint.Value >> 64), (ulong)fingerprint.Value);

    /// <summary>The slot of a fingerprint, or the free one where it belongs. Only for the writer, who alone takes slots.</summary>
    private int Find(TokenFingerprint fingerprint, int hash)
    {
        (ulong upper, ulong lower) = Halves(fingerprint);
        for (int i = hash; ; i++)
        {
            int index = i & (_slots.Length - 1);
            ref Slot slot = ref _slots[index];
            if (slot.Expires == Free || (slot.Lower == lower && slot.Upper == upper))
            {
                return index;
            }
        }
    }

    // Two halves, because a UInt128 would be aligned to 16 bytes and take a third more.
    private struct Slot
    {
        public ulong Upper;
        public ulong Lower;
        public long Expires;
    }
}
