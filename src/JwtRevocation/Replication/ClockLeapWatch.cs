namespace JwtRevocation;

/// <summary>
/// Notices that the wall clock was put right, or wrong. While it was ahead, live entries may have been swept from the memory as
/// lapsed; while it was behind, cutoffs may have looked too far ahead to be believed. The log has them. That the machine was
/// suspended looks like a leap ahead, and does no harm.
/// </summary>
internal sealed class ClockLeapWatch(TimeProvider timeProvider)
{
    // Less is what clocks are corrected by all the time; the margin for which entries are kept covers it.
    private static readonly TimeSpan Noticeable = TimeSpan.FromSeconds(10);

    private readonly long _start = timeProvider.GetTimestamp();
    private DateTimeOffset? _last;

    /// <summary>When this process counts from, by what the wall clock says now: the same for as long as nobody sets it.</summary>
    public DateTimeOffset Start => timeProvider.GetUtcNow() - timeProvider.GetElapsedTime(_start);

    /// <summary>Whether the wall clock leapt, either way, between the moments at which it said these.</summary>
    public static bool IsLeap(DateTimeOffset before, DateTimeOffset after) => (after - before).Duration() > Noticeable;

    /// <summary>Whether it leapt, either way, since this was asked last.</summary>
    public bool HasLeapt()
    {
        DateTimeOffset now = Start;
        bool hasLeapt = _last is { } last && IsLeap(last, now);
        if (hasLeapt || _last is null)
        {
            // And not each time: many small steps are a leap as well.
            _last = now;
        }

        return hasLeapt;
    }
}
