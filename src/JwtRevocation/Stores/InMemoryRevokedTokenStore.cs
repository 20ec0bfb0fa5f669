using System.Collections.Concurrent;
using System.Diagnostics;

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

    // Below this many entries a table is too small to be worth replacing.
    private const int ShrinkThreshold = 16_384;

    private readonly TimeProvider _timeProvider;
    private readonly ITimer _timer;

    // Held by those who revoke, and by the sweep while it exchanges tables; never by a request that asks.
    private readonly Lock _writing = new();

    // From a token's fingerprint to the UTC ticks at which its revocation has lapsed. An entry that is there revokes its
    // token whatever the clock says: it is for the sweep, and only for the sweep, to judge the time.
    private volatile ConcurrentDictionary<TokenFingerprint, long> _entries = new();
    private ConcurrentDictionary<TokenFingerprint, long>? _successor;

    private int _count;
    private int _peak;
    private long _previousSweep = long.MinValue;

    /// <summary>Makes an empty store.</summary>
    /// <param name="timeProvider">The clock by which entries lapse; the system's by default.</param>
    public InMemoryRevokedTokenStore(TimeProvider? timeProvider = null)
    {
        _timeProvider = timeProvider ?? TimeProvider.System;
        _timer = CreateTimer();
    }

    /// <summary>The number of entries held, lapsed ones that were not swept yet among them.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <inheritdoc />
    public RevocationStatus GetStatus(in RevocableToken token) =>
        _entries.ContainsKey(token.Fingerprint) ? RevocationStatus.Revoked : RevocationStatus.NotRevoked;

    /// <inheritdoc />
    public ValueTask<RevocationReceipt> RevokeAsync(Revocation revocation, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(revocation);
        cancellationToken.ThrowIfCancellationRequested();

        TokenFingerprint fingerprint = revocation.Target.Fingerprint;
        long expires = revocation.Expires.UtcTicks;
        lock (_writing)
        {
            if (Merge(_entries, fingerprint, ref expires))
            {
                _peak = Math.Max(_peak, Interlocked.Increment(ref _count));
            }

            if (_successor is not null)
            {
                Merge(_successor, fingerprint, ref expires);
            }
        }

        return new(new RevocationReceipt { Expires = new(expires, TimeSpan.Zero) });
    }

    /// <summary>Stops the sweep. What is held stays in force.</summary>
    public void Dispose() => _timer.Dispose();

    /// <summary>Adds an entry, or makes it last longer.</summary>
    /// <returns>Whether it is a new one.</returns>
    private static bool Merge(ConcurrentDictionary<TokenFingerprint, long> entries, TokenFingerprint fingerprint, ref long expires)
    {
        while (!entries.TryAdd(fingerprint, expires))
        {
            // The sweep may drop the entry in between; then it is added anew.
            if (entries.TryGetValue(fingerprint, out long held)
                && (held >= expires || entries.TryUpdate(fingerprint, expires, held)))
            {
                expires = Math.Max(expires, held);
                return false;
            }
        }

        return true;
    }

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

        foreach (KeyValuePair<TokenFingerprint, long> entry in _entries)
        {
            // Removes it only with this value: one that was extended meanwhile stays.
            if (entry.Value < lapsed && _entries.TryRemove(entry))
            {
                Interlocked.Decrement(ref _count);
            }
        }

        if (_peak >= ShrinkThreshold && Count < _peak / 4)
        {
            Shrink();
        }
    }

    /// <summary>Moves what is left into a smaller table: a ConcurrentDictionary gives no memory back by itself.</summary>
    private void Shrink()
    {
        Debug.Assert(_successor is null, "Only the sweep shrinks, and sweeps do not overlap.");
        ConcurrentDictionary<TokenFingerprint, long> successor = new();
        lock (_writing)
        {
            _successor = successor;
        }

        // From here on every revocation goes into both tables, so none is lost by being copied too early.
        foreach ((TokenFingerprint fingerprint, long expires) in _entries)
        {
            long merged = expires;
            Merge(successor, fingerprint, ref merged);
        }

        lock (_writing)
        {
            _entries = successor;
            _successor = null;
            _peak = _count;
        }
    }
}
