namespace JwtRevocation;

/// <summary>
/// Notices that the wall clock was put right, or wrong. While it was ahead, live entries may have been swept from the memory as
/// lapsed; while it was behind, cutoffs may have looked too far ahead to be believed. The log has them.
/// </summary>
internal sealed class ClockLeapWatch(TimeProvider timeProvider)
{
    // Less is what clocks are corrected by all the time; the margin for which entries are kept covers it.
    private static readonly TimeSpan Noticeable = TimeSpan.FromSeconds(10);

    private readonly long _start = timeProvider.GetTimestamp();
    private long? _ahead;

    /// <summary>Whether it leapt, either way, since this was asked last.</summary>
    public bool HasLeapt()
    {
        long ahead = (timeProvider.GetUtcNow() - timeProvider.GetElapsedTime(_start)).UtcTicks;
        bool hasLeapt = _ahead is { } before && Math.Abs(before - ahead) > Noticeable.Ticks;
        _ahead = ahead;
        return hasLeapt;
    }
}
