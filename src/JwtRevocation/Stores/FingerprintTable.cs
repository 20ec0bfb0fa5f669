using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace JwtRevocation;

/// <summary>
/// A hash table from fingerprints to the UTC ticks at which they lapse, for one writer at a time and any number of
/// readers, who take no lock.
/// </summary>
/// <remarks>
/// <para>
/// It is one array without references: a lookup waits for memory once, where a ConcurrentDictionary has it wait for the
/// bucket and then for each node; and the garbage collector has nothing in it to follow, however many entries there are.
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
    private int _used;
    private int _count;

    public FingerprintTable()
        : this(SmallestCapacity)
    {
    }

    private FingerprintTable(int capacity) => _slots = new Slot[capacity];

    /// <summary>The number of entries that have not been made to lapse.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Whether one more fingerprint would crowd it: from two thirds on, lookups get slow.</summary>
    public bool IsFull => _used >= _slots.Length / 3 * 2;

    /// <summary>Whether it takes much more memory than its entries need.</summary>
    public bool IsSparse => _slots.Length > SmallestCapacity && Count < _slots.Length / 8;

    public bool Contains(TokenFingerprint fingerprint)
    {
        ref Slot slot = ref Find(fingerprint);
        return Volatile.Read(ref slot.Expires) > 0;
    }

    /// <summary>Adds an entry, or makes it last longer. It must not be full.</summary>
    /// <returns>When it lapses now.</returns>
    public long Merge(TokenFingerprint fingerprint, long expires)
    {
        Debug.Assert(expires > 0, "Others have a meaning of their own.");
        ref Slot slot = ref Find(fingerprint);
        if (slot.Expires == Free)
        {
            (slot.Upper, slot.Lower) = Halves(fingerprint);
            // Last, so that whoever sees that the slot is taken sees by what.
            Volatile.Write(ref slot.Expires, expires);
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

    /// <summary>Makes a table of the entries that is at most half full. No writer may be about.</summary>
    public FingerprintTable Rebuild()
    {
        int capacity = SmallestCapacity;
        while (capacity / 2 < Count)
        {
            capacity = checked(capacity * 2);
        }

        FingerprintTable table = new(capacity);
        foreach (ref Slot slot in _slots.AsSpan())
        {
            if (slot.Expires is > 0 and var expires)
            {
                table.Merge(new(new UInt128(slot.Upper, slot.Lower)), expires);
            }
        }

        return table;
    }

    private static (ulong Upper, ulong Lower) Halves(TokenFingerprint fingerprint) =>
        ((ulong)(fingerprint.Value >> 64), (ulong)fingerprint.Value);

    /// <summary>The slot of a fingerprint, or the free one where it belongs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ref Slot Find(TokenFingerprint fingerprint)
    {
        (ulong upper, ulong lower) = Halves(fingerprint);
        Slot[] slots = _slots;
        // The hash has a seed of this process: nobody can choose tokens that crowd together.
        for (int i = fingerprint.GetHashCode(); ; i++)
        {
            ref Slot slot = ref slots[i & (slots.Length - 1)];
            if (Volatile.Read(ref slot.Expires) == Free || (slot.Lower == lower && slot.Upper == upper))
            {
                return ref slot;
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
