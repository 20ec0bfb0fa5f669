namespace JwtRevocation;

/// <summary>
/// The store of one node: everything is in this process's memory, and gone when the process ends.
/// </summary>
/// <remarks>
/// There is no bound on the number of entries, because dropping a live one would bring its token back. Watch
/// <see cref="Count"/>, or the metric <c>jwt_revocation.entries</c>.
/// </remarks>
public sealed class InMemoryRevokedTokenStore : IRevokedTokenStore, ICountedStore, IAnnouncingStore, IDisposable
{
    private readonly RevocationTables _tables = new();
    private readonly TimeProvider _timeProvider;
    private readonly PeriodicSweep _sweep;

    /// <summary>Makes an empty store.</summary>
    /// <param name="timeProvider">The clock by which entries lapse; the system's by default.</param>
    public InMemoryRevokedTokenStore(TimeProvider? timeProvider = null)
    {
        _timeProvider = timeProvider ?? TimeProvider.System;
        _sweep = new(_tables, _timeProvider);
    }

    event Action<TokenFingerprint>? IAnnouncingStore.TokenRevoked
    {
        add => _tables.TokenRevoked += value;
        remove => _tables.TokenRevoked -= value;
    }

    event Action<RevocationTarget>? IAnnouncingStore.GroupRevoked
    {
        add => _tables.GroupRevoked += value;
        remove => _tables.GroupRevoked -= value;
    }

    /// <summary>The number of entries held, lapsed ones that were not swept yet among them.</summary>
    public int Count => _tables.Count;

    /// <inheritdoc />
    public RevocationStatus GetStatus(in RevocableToken token) => _tables.GetStatus(in token);

    /// <inheritdoc />
    public ValueTask<RevocationReceipt> RevokeAsync(Revocation revocation, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(revocation);
        cancellationToken.ThrowIfCancellationRequested();
        return new(_tables.Add(revocation, _timeProvider.GetUtcNow()).Receipt);
    }

    /// <inheritdoc />
    public IAsyncEnumerable<Revocation> GetRevocationsAsync(CancellationToken cancellationToken = default) =>
        _tables.ListAsync(cancellationToken);

    /// <summary>Stops the sweep. What is held stays in force.</summary>
    public void Dispose() => _sweep.Dispose();
}
