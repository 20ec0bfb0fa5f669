using Microsoft.IdentityModel.Tokens;

namespace JwtRevocation;

/// <summary>Revokes tokens. To sign out the caller of a request, <c>HttpContext.SignOutAsync()</c> is all it takes.</summary>
public interface ITokenRevoker
{
    /// <summary>Revokes what <paramref name="target"/> names, for as long as it could otherwise be valid.</summary>
    /// <param name="target">What to revoke. Revoking it twice does no harm.</param>
    /// <param name="details">What else there is to say.</param>
    /// <param name="cancellationToken">Cancels the wait for the store.</param>
    /// <returns>A receipt, once the revocation is in force.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="target"/> is <see langword="null"/>.</exception>
    /// <exception cref="ArgumentException"><paramref name="details"/> do not fit the target.</exception>
    /// <exception cref="RevocationFailedException">The store did not acknowledge the revocation.</exception>
    /// <exception cref="OperationCanceledException">
    /// <paramref name="cancellationToken"/> was cancelled. Whether the revocation is in force is not known then.
    /// </exception>
    Task<RevocationReceipt> RevokeAsync(
        RevocationTarget target, RevocationDetails? details = null, CancellationToken cancellationToken = default);

    /// <summary>
    /// Validates an encoded token as the app's JwtBearer schemes do, then revokes it: for operators who hold a token
    /// that must not be used again.
    /// </summary>
    /// <param name="encodedToken">
    /// The token in its compact form. It may come from anywhere: one that no scheme would accept is not stored, so it can
    /// neither revoke another token nor fill the memory. One that is not valid yet, or revoked already, is revoked; that
    /// of one which can never be valid again is dropped before long.
    /// </param>
    /// <param name="details">What else there is to say.</param>
    /// <param name="cancellationToken">Cancels the wait for the signing keys and the store.</param>
    /// <returns>A receipt, once the revocation is in force.</returns>
    /// <exception cref="ArgumentException">
    /// <paramref name="encodedToken"/> is <see langword="null"/> or empty, or <paramref name="details"/> do not fit a token.
    /// </exception>
    /// <exception cref="SecurityTokenValidationException">
    /// No JwtBearer scheme that the library covers accepts the token, its times apart.
    /// </exception>
    /// <exception cref="RevocationFailedException">The store did not acknowledge the revocation.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    Task<RevocationReceipt> RevokeAsync(
        string encodedToken, RevocationDetails? details = null, CancellationToken cancellationToken = default);
}
