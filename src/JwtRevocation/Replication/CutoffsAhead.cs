using System.Security.Cryptography;

namespace JwtRevocation;

/// <summary>
/// Keeps a node whose clock is far ahead, or whoever else wrote a cutoff of the year 2099, from locking users out until then:
/// such a cutoff counts as that of the moment when this node first saw it.
/// </summary>
/// <remarks>Used by one thread at a time.</remarks>
internal sealed class CutoffsAhead(TimeProvider timeProvider)
{
    // Wider than clocks are apart, even those of machines that get them from nowhere: what is less far ahead is believed,
    // because it is safe, and this node's own clock may be the one that is behind.
    public static readonly TimeSpan Believed = TimeSpan.FromDays(1);

    // What is beyond this is believed again: this is no place to be filled without bound, and refusing is the safe side.
    private const int MostRemembered = 10_000;

    private readonly ClockLeapWatch _clock = new(timeProvider);
    private readonly Dictionary<UInt128, (DateTimeOffset Time, DateTimeOffset ClockStart)> _firstSeen = [];

    public bool AreAny => _firstSeen.Count > 0;

    /// <summary>To be called when this node's own clock was put right, or wrong.</summary>
    public void Clear() => _firstSeen.Clear();

    /// <summary>The revocation, with times that this node is willing to act on.</summary>
    public Revocation Cap(Revocation revocation, ReadOnlySpan<byte> content)
    {
        DateTimeOffset now = timeProvider.GetUtcNow();
        bool isAhead = revocation.Cutoff - now > Believed || revocation.AcceptedFrom - now > Believed;
        if (!revocation.Target.HasCutoff || !(isAhead || AreAny))
        {
            return revocation;
        }

        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(content, hash);
        UInt128 key = System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(hash);
        // One that was not believed then is not believed either once it is less than a day away; unless it was by another clock.
        DateTimeOffset clockStart = _clock.Start;
        if (_firstSeen.TryGetValue(key, out (DateTimeOffset Time, DateTimeOffset ClockStart) first) && ClockLeapWatch.IsLeap(first.ClockStart, clockStart))
        {
            _firstSeen.Remove(key);
            first = default;
        }

        if (first == default)
        {
            if (!isAhead || _firstSeen.Count >= MostRemembered)
            {
                return revocation;
            }

            // In microseconds, so that it can be written.
            first = (now.AddTicks(-(now.Ticks % TimeSpan.TicksPerMicrosecond)), clockStart);
            _firstSeen.Add(key, first);
        }

        DateTimeOffset second = new(Cutoffs.NextSecond(first.Time.UtcTicks), TimeSpan.Zero);
        return revocation.With(
            revocation.Cutoff < first.Time ? revocation.Cutoff : first.Time,
            revocation.AcceptedFrom < second ? revocation.AcceptedFrom : second);
    }
}
