namespace JwtRevocation;

/// <summary>
/// The wall clock, but for leaps ahead, which it believes only after a day: a clock that is set wrong for a while, and right
/// again, must not have made live entries lapse.
/// </summary>
/// <remarks>
/// How far the wall clock is ahead of the time that this process has counted is constant, as long as nobody sets it. The
/// least of the last one to two days counts.
/// </remarks>
internal sealed class TrustedClock(TimeProvider timeProvider)
{
    private readonly long _start = timeProvider.GetTimestamp();
    private TimeSpan _dayBegan;
    private long _leastToday = long.MaxValue;
    private long _leastTheDayBefore = long.MaxValue;

    /// <summary>The time in UTC ticks, by one caller at a time.</summary>
    public long GetUtcTicks()
    {
        TimeSpan counted = timeProvider.GetElapsedTime(_start);
        long ahead = timeProvider.GetUtcNow().UtcTicks - counted.Ticks;
        if (counted - _dayBegan >= TimeSpan.FromDays(1))
        {
            _dayBegan = counted;
            _leastTheDayBefore = _leastToday;
            _leastToday = ahead;
        }

        _leastToday = Math.Min(_leastToday, ahead);
        return counted.Ticks + Math.Min(_leastToday, _leastTheDayBefore);
    }
}
