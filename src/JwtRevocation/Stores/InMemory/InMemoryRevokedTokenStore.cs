using System.Collections.Concurrent;
using System.Runtime.CompilerServices;

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
    private readonly TrustedClock _clock;
    private readonly ITimer _timer;
    private readonly TokenTable _tokens = new();
    private readonly GroupTable _groups = new();

    // Said of single tokens only by those who want to read it in a list; most entries have none.
    private readonly ConcurrentDictionary<TokenFingerprint, (string? Reason, string? Actor)> _remarks = new();

    /// <summary>Makes an empty store.</summary>
    /// <param name="timeProvider">The clock by which entries lapse; the system's by default.</param>
    public InMemoryRevokedTokenStore(TimeProvider? timeProvider = null)
    {
        _timeProvider = timeProvider ?? TimeProvider.System;
        _clock = new(_timeProvider);

        // Now, while it is most likely right: what it says later is held against this.
        _clock.GetUtcTicks();
        _timer = CreateTimer();
    }

    /// <summary>The number of entries held, lapsed ones that were not swept yet among them.</summary>
    public int Count => _tokens.Count + _groups.Count;

    /// <inheritdoc />
    public RevocationStatus GetStatus(in RevocableToken token) =>
        _tokens.Contains(token.Fingerprint) ? RevocationStatus.Revoked : _groups.GetStatus(in token);

    /// <inheritdoc />
    public ValueTask<RevocationReceipt> RevokeAsync(Revocation revocation, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(revocation);
        cancellationToken.ThrowIfCancellationRequested();
        return new(revocation.Target.Fingerprint is { } fingerprint ? Revoke(fingerprint, revocation) : _groups.Add(revocation, _timeProvider.GetUtcNow()));
    }

    /// <inheritdoc />
    public async IAsyncEnumerable<Revocation> GetRevocationsAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        foreach ((TokenFingerprint fingerprint, long expires) in _tokens.Entries())
        {
            cancellationToken.ThrowIfCancellationRequested();
            (string? reason, string? actor) = _remarks.GetValueOrDefault(fingerprint);
            yield return new()
            {
                Target = RevocationTarget.OfStored(fingerprint),
                Expires = new(expires, TimeSpan.Zero),
                Reason = reason,
                Actor = actor,
            };
        }

        foreach (Revocation revocation in _groups.Revocations())
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return revocation;
        }

        await Task.CompletedTask.ConfigureAwait(false);
    }

    /// <summary>Stops the sweep. What is held stays in force.</summary>
    public void Dispose() => _timer.Dispose();

    private RevocationReceipt Revoke(TokenFingerprint fingerprint, Revocation revocation)
    {
        if (revocation.Reason is not null || revocation.Actor is not null)
        {
            _remarks.AddOrUpdate(
                fingerprint,
                static (_, added) => (added.Reason, added.Actor),
                static (_, held, added) => (added.Reason ?? held.Reason, added.Actor ?? held.Actor),
                revocation);
        }

        return new() { Expires = new(_tokens.Add(fingerprint, revocation.Expires.UtcTicks), TimeSpan.Zero) };
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
        long lapsed = _clock.GetUtcTicks();
        _tokens.Sweep(lapsed);
        _groups.Sweep(lapsed);
        foreach (TokenFingerprint fingerprint in _remarks.Keys)
        {
            if (!_tokens.Contains(fingerprint))
            {
                _remarks.TryRemove(fingerprint, out _);
            }
        }
    }
}
