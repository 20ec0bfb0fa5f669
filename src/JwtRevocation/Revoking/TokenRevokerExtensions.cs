using Microsoft.IdentityModel.Tokens;

namespace JwtRevocation;

/// <summary>Short forms of <see cref="ITokenRevoker.RevokeAsync(RevocationTarget, CancellationToken)"/>.</summary>
public static class TokenRevokerExtensions
{
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
        return revoker.RevokeAsync(RevocationTarget.Token(token), cancellationToken);
    }
}
