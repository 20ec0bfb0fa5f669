using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;

namespace JwtRevocation;

/// <summary>The store of many nodes: answers from this process's memory, which a <see cref="JwtRevocation.Replica"/> keeps complete.</summary>
internal sealed class ReplicatedRevokedTokenStore : IRevokedTokenStore, ICountedStore, IAnnouncingStore, IAsyncDisposable, IDisposable
{
    private readonly RevocationTables _tables = new();
    private readonly IRevocationLog _log;
    private readonly TimeProvider _timeProvider;
    private readonly Freshness _freshness;
    private readonly PeriodicSweep _sweep;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _running;
    private bool _isDisposed;

    public ReplicatedRevokedTokenStore(
        IRevocationLog log,
        ReplicaOptions options,
        IMeterFactory meterFactory,
        TimeProvider timeProvider,
        ILogger<ReplicatedRevokedTokenStore> logger)
        : this(log, options, meterFactory, timeProvider, (tables, freshness, metrics) => new(log, tables, freshness, options, metrics, timeProvider, logger))
    {
    }

    /// <summary>With a replica that a test has made to its needs.</summary>
    internal ReplicatedRevokedTokenStore(
        IRevocationLog log,
        ReplicaOptions options,
        IMeterFactory meterFactory,
        TimeProvider timeProvider,
        Func<RevocationTables, Freshness, ReplicaMetrics, Replica> replica)
    {
        _log = log;
        MaxStaleness = options.MaxStaleness;
        _timeProvider = timeProvider;
        _freshness = new(timeProvider, options.MaxStaleness);
        _sweep = new(_tables, timeProvider);
        Replica = replica(_tables, _freshness, new(meterFactory, _freshness));

        // Not with the ExecutionContext of whichever request happened to come first.
        using AsyncFlowControl? _ = ExecutionContext.IsFlowSuppressed() ? null : ExecutionContext.SuppressFlow();
        _running = Replica.RunAsync(_stopping.Token);
    }

    public event Action<TokenFingerprint>? TokenRevoked
    {
        add => _tables.TokenRevoked += value;
        remove => _tables.TokenRevoked -= value;
    }

    public event Action<RevocationTarget>? GroupRevoked
    {
        add => _tables.GroupRevoked += value;
        remove => _tables.GroupRevoked -= value;
    }

    public Replica Replica { get; }

    public TimeSpan MaxStaleness { get; }

    public int Count => _tables.Count;

    public bool Holds(TokenFingerprint fingerprint) => _tables.Tokens.Contains(fingerprint);

    public RevocationStatus GetStatus(in RevocableToken token)
    {
        // Before the memory: a read that completes in between would vouch for what was looked up before it.
        bool isFresh = _freshness.IsFresh;
        RevocationStatus status = _tables.GetStatus(in token);
        return status == RevocationStatus.NotRevoked && !isFresh ? RevocationStatus.Unknown : status;
    }

    public async ValueTask<RevocationReceipt> RevokeAsync(Revocation revocation, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(revocation);
        cancellationToken.ThrowIfCancellationRequested();
        DateTimeOffset now = _timeProvider.GetUtcNow();
        Revocation rounded = EntryFormat.Round(revocation, now);

        // What cannot be written fails before anything has changed.
        EntryFormat.Write(rounded);
        (RevocationReceipt receipt, Revocation added) = _tables.Add(rounded, now);
        await Replica.AppendAsync(new(EntryFormat.Write(added)), cancellationToken).ConfigureAwait(false);
        return receipt;
    }

    public IAsyncEnumerable<Revocation> GetRevocationsAsync(CancellationToken cancellationToken) => _tables.ListAsync(cancellationToken);

    /// <summary>Stops without waiting for what is under way.</summary>
    public void Dispose()
    {
        if (!Interlocked.Exchange(ref _isDisposed, true))
        {
            _stopping.Cancel();
            _sweep.Dispose();
            (_log as IDisposable)?.Dispose();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, true))
        {
            return;
        }

        await _stopping.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(false);
        _sweep.Dispose();
        _stopping.Dispose();
        if (_log is IAsyncDisposable disposable)
        {
            await disposable.DisposeAsync().ConfigureAwait(false);
        }
    }
}
