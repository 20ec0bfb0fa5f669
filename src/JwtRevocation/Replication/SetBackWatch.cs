namespace JwtRevocation;

/// <summary>
/// Notices that the wall clock was set back. While it was ahead, live entries may have been swept from the memory as lapsed;
/// the log has them.
/// </summary>
internal sealed class SetBackWatch(TimeProvider timeProvider)
{
    // Less is what clocks are corrected by all the time; the margin for which entries are kept covers it.
    private static readonly TimeSpan Noticeable = TimeSpan.FromSeconds(10);

    private readonly long _start = timeProvider.GetTimestamp();
    private long? _ahead;

    /// <summary>Whether it was since this was asked last.</summary>
    public bool WasSetBack()
    {
        long ahead = (timeProvider.GetUtcNow() - timeProvider.GetElapsedTime(_start)).UtcTicks;
        bool wasSetBack = _ahead - ahead > Noticeable.Ticks;
        _ahead = ahead;
        return wasSetBack;
    }
}
