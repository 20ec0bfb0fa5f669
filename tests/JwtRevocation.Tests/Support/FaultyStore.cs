namespace JwtRevocation.Tests;

public enum Fault
{
    None,
    Unknown,
    Throws,
    Nonsense,
}

/// <summary>The store in memory, with faults at the test's command.</summary>
internal sealed class FaultyStore : IRevokedTokenStore, IDisposable
{
    private readonly InMemoryRevokedTokenStore _inner = new();

    public Fault Fault { get; set; }

    public bool RevokeFails { get; set; }

    public RevocationStatus GetStatus(in RevocableToken token) => Fault switch
    {
        Fault.Unknown => RevocationStatus.Unknown,
        Fault.Throws => throw new IOException("the store is broken"),
        Fault.Nonsense => (RevocationStatus)42,
        _ => _inner.GetStatus(in token),
    };

    public ValueTask<RevocationReceipt> RevokeAsync(Revocation revocation, CancellationToken cancellationToken) =>
        RevokeFails ? throw new IOException("the store is broken") : _inner.RevokeAsync(revocation, cancellationToken);

    public IAsyncEnumerable<Revocation> GetRevocationsAsync(CancellationToken cancellationToken) => _inner.GetRevocationsAsync(cancellationToken);

    public void Dispose() => _inner.Dispose();
}
