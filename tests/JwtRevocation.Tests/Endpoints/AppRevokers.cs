namespace JwtRevocation.Tests.Endpoints;

/// <summary>A revoker that an app has put in place of the library's, and that does not work.</summary>
internal sealed class BrokenRevoker : ITokenRevoker
{
    public Task<RevocationReceipt> RevokeAsync(RevocationTarget target, RevocationDetails? details, CancellationToken cancellationToken) =>
        throw new NotSupportedException("broken");

    public Task<RevocationReceipt> RevokeAsync(string encodedToken, RevocationDetails? details, CancellationToken cancellationToken) =>
        throw new NotSupportedException("broken");
}

/// <summary>One that adds who it was, and passes on what it knows of.</summary>
internal sealed class AuditingRevoker(ITokenRevoker inner) : ITokenRevoker
{
    public Task<RevocationReceipt> RevokeAsync(RevocationTarget target, RevocationDetails? details, CancellationToken cancellationToken) =>
        inner.RevokeAsync(target, WithActor(details), cancellationToken);

    public Task<RevocationReceipt> RevokeAsync(string encodedToken, RevocationDetails? details, CancellationToken cancellationToken) =>
        inner.RevokeAsync(encodedToken, WithActor(details), cancellationToken);

    private static RevocationDetails WithActor(RevocationDetails? details) => new()
    {
        Cutoff = details?.Cutoff,
        ByAuthenticationTime = details?.ByAuthenticationTime ?? false,
        Except = details?.Except,
        SignsNewToken = details?.SignsNewToken ?? false,
        IsByMessage = details?.IsByMessage ?? false,
        Reason = details?.Reason,
        Actor = $"audited: {details?.Actor}",
    };
}
