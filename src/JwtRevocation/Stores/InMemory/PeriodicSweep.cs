namespace JwtRevocation;

/// <summary>Drops what has lapsed, once a minute.</summary>
internal sealed class PeriodicSweep : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    // However long it took: the process may have been frozen meanwhile, by whoever runs it.
    private static readonly TimeSpan LongestPause = TimeSpan.FromHours(1);

    // A sweep takes at most this part of one processor's time, however many entries there are.
    private const int DutyCycle = 100;

    private readonly RevocationTables _tables;
    private readonly TimeProvider _timeProvider;
    private readonly TrustedClock _clock;
    private readonly ITimer _timer;

    public PeriodicSweep(RevocationTables tables, TimeProvider timeProvider)
    {
        _tables = tables;
        _timeProvider = timeProvider;
        _clock = new(timeProvider);

        // Now, while it is most likely right: what it says later is held against this.
        _clock.GetUtcTicks();

        // Not with the ExecutionContext of whichever request happened to come first.
        using AsyncFlowControl? _ = ExecutionContext.IsFlowSuppressed() ? null : ExecutionContext.SuppressFlow();
        _timer = timeProvider.CreateTimer(
            static sweep => ((PeriodicSweep)sweep!).SweepAndReschedule(), this, Interval, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Stops it. What is held stays in force.</summary>
    public void Dispose() => _timer.Dispose();

    private void SweepAndReschedule()
    {
        long started = _timeProvider.GetTimestamp();
        try
        {
            _tables.Sweep(_clock.GetUtcTicks());
        }
        catch (OutOfMemoryException)
        {
            // Of a smaller table that was to take the place of a large one, which stays. On this thread it would end the process.
        }

        TimeSpan took = _timeProvider.GetElapsedTime(started);
        TimeSpan pause = took < LongestPause / DutyCycle ? took * DutyCycle : LongestPause;
        _timer.Change(pause > Interval ? pause : Interval, Timeout.InfiniteTimeSpan);
    }
}
