using Microsoft.IdentityModel.Tokens;

namespace JwtRevocation;

/// <summary>Short forms of <see cref="ITokenRevoker"/>'s methods.</summary>
public static class TokenRevokerExtensions
{
    /// <summary>Revokes what <paramref name="target"/> names, with nothing else to say.</summary>
    /// <param name="revoker">The revoker.</param>
    /// <param name="target">What to revoke.</param>
    /// <param name="cancellationToken">Cancels the wait for the store.</param>
    /// <returns>A receipt, once the revocation is in force.</returns>
    /// <exception cref="RevocationFailedException">The store did not acknowledge the revocation.</exception>
    public static Task<RevocationReceipt> RevokeAsync(
        this ITokenRevoker revoker, RevocationTarget target, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(revoker);
        return revoker.RevokeAsync(target, details: null, cancellationToken);
    }

    /// <summary>Validates an encoded token and revokes it, with nothing else to say.</summary>
    /// <param name="revoker">The revoker.</param>
    /// <param name="encodedToken">The token in its compact form.</param>
    /// <param name="cancellationToken">Cancels the wait for the signing keys and the store.</param>
    /// <returns>A receipt, once the revocation is in force.</returns>
    /// <exception cref="SecurityTokenValidationException">No JwtBearer scheme that is covered accepts the token.</exception>
    /// <exception cref="RevocationFailedException">The store did not acknowledge the revocation.</exception>
    public static Task<RevocationReceipt> RevokeAsync(
        this ITokenRevoker revoker, string encodedToken, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(revoker);
        return revoker.RevokeAsync(encodedToken, details: null, cancellationToken);
    }

    /// <summary>Revokes one token that was validated; see <see cref="RevocationTarget.Token"/>.</summary>
    /// <param name="revoker">The revoker.</param>
    /// <param name="token">The validated token.</param>
    /// <param name="cancellationToken">Cancels the wait for the store.</param>
    /// <returns>A receipt, once the revocation is in force.</returns>
    /// <exception cref="ArgumentException"><paramref name="token"/> was not validated, or is no JWT.</exception>
    /// <exception cref="RevocationFailedException">The store did not acknowledge the revocation.</exception>
    public static Task<RevocationReceipt> RevokeAsync(
        this ITokenRevoker revoker, SecurityToken token, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(revoker);
        return revoker.RevokeAsync(RevocationTarget.Token(token), details: null, cancellationToken);
    }
}
