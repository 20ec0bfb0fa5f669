using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.Tokens;

namespace JwtRevocation;

internal sealed class TokenRevoker(
    IRevokedTokenStore store,
    TokenRetention retention,
    BearerSchemes schemes,
    RevocationMetrics metrics,
    TimeProvider timeProvider,
    ILogger<TokenRevoker> logger) : ITokenRevoker
{
    public async Task<RevocationReceipt> RevokeAsync(RevocationTarget target, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(target);

        // A scheme nobody has used yet may accept the token for longer than those that are known.
        await schemes.ProtectAllAsync().ConfigureAwait(false);
        DateTimeOffset expires = retention.KeepUntil(target.TokenExpires);
        if (expires <= timeProvider.GetUtcNow())
        {
            return new() { Expires = expires };
        }

        RevocationReceipt receipt;
        try
        {
            receipt = await store.RevokeAsync(new() { Target = target, Expires = expires }, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
        catch (Exception exception)
        {
            logger.RevocationFailed(exception);
            metrics.RevocationFailed();
            throw exception as RevocationFailedException ?? new("The store did not acknowledge the revocation.", exception);
        }

        logger.Revoked(receipt.Expires);
        metrics.Revoked();
        return receipt;
    }

    public async Task<RevocationReceipt> RevokeAsync(string encodedToken, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(encodedToken);
        SecurityToken token = await schemes.ValidateAsync(encodedToken, cancellationToken).ConfigureAwait(false);
        return await RevokeAsync(RevocationTarget.OfValidated(token), cancellationToken).ConfigureAwait(false);
    }
}
