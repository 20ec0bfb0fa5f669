namespace JwtRevocation;

/// <summary>
/// The store of one node: everything is in this process's memory, and gone when the process ends.
/// </summary>
/// <remarks>
/// There is no bound on the number of entries, because dropping a live one would bring its token back. Watch
/// <see cref="Count"/>, or the metric <c>jwt_revocation.entries</c>.
/// </remarks>
public sealed class InMemoryRevokedTokenStore : IRevokedTokenStore, IDisposable
{
    private static readonly TimeSpan SweepInterval = TimeSpan.FromMinutes(1);

    // A sweep takes at most this part of one processor's time, however many entries there are.
    private const int SweepDutyCycle = 100;

    private readonly TimeProvider _timeProvider;
    private readonly ITimer _timer;

    // Held by those who revoke, and while a table is replaced; never by a request that asks.
    private readonly Lock _writing = new();

    // An entry that is there revokes its token whatever the clock says: it is for the sweep, and only for the sweep, to
    // judge the time.
    private volatile FingerprintTable _entries = new();
    private long _previousSweep = long.MinValue;

    /// <summary>Makes an empty store.</summary>
    /// <param name="timeProvider">The clock by which entries lapse; the system's by default.</param>
    public InMemoryRevokedTokenStore(TimeProvider? timeProvider = null)
    {
        _timeProvider = timeProvider ?? TimeProvider.System;
        _timer = CreateTimer();
    }

    /// <summary>The number of entries held, lapsed ones that were not swept yet among them.</summary>
    public int Count => _entries.Count;

    /// <inheritdoc />
    public RevocationStatus GetStatus(in RevocableToken token) =>
        _entries.Contains(token.Fingerprint) ? RevocationStatus.Revoked : RevocationStatus.NotRevoked;

    /// <inheritdoc />
    public ValueTask<RevocationReceipt> RevokeAsync(Revocation revocation, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(revocation);
        cancellationToken.ThrowIfCancellationRequested();

        long expires = Math.Max(revocation.Expires.UtcTicks, 1);
        lock (_writing)
        {
            if (_entries.IsFull)
            {
                _entries = _entries.Rebuild();
            }

            expires = _entries.Merge(revocation.Target.Fingerprint, expires);
        }

        return new(new RevocationReceipt { Expires = new(expires, TimeSpan.Zero) });
    }

    /// <summary>Stops the sweep. What is held stays in force.</summary>
    public void Dispose() => _timer.Dispose();

    private ITimer CreateTimer()
    {
        // Not with the ExecutionContext of whichever request happened to come first.
        using AsyncFlowControl? _ = ExecutionContext.IsFlowSuppressed() ? null : ExecutionContext.SuppressFlow();
        return _timeProvider.CreateTimer(
            static store => ((InMemoryRevokedTokenStore)store!).SweepAndReschedule(), this, SweepInterval, Timeout.InfiniteTimeSpan);
    }

    private void SweepAndReschedule()
    {
        long started = _timeProvider.GetTimestamp();
        Sweep();
        TimeSpan pause = _timeProvider.GetElapsedTime(started) * SweepDutyCycle;
        _timer.Change(pause > SweepInterval ? pause : SweepInterval, Timeout.InfiniteTimeSpan);
    }

    private void Sweep()
    {
        // Lapsed now and at the sweep before: a clock that leaps ahead and is set right again costs no live entry.
        long now = _timeProvider.GetUtcNow().UtcTicks;
        long lapsed = Math.Min(now, _previousSweep);
        _previousSweep = now;

        _entries.Sweep(lapsed);
        if (_entries.IsSparse)
        {
            lock (_writing)
            {
                _entries = _entries.Rebuild();
            }
        }
    }
}
