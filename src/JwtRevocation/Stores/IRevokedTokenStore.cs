namespace JwtRevocation;

/// <summary>
/// Holds revocations, and answers from memory whether a token is revoked. Register your own with
/// <see cref="JwtRevocationBuilder.AddStore{TStore}()"/>.
/// </summary>
/// <remarks>
/// A store is one instance per app and is called by many threads at once. Revocations only accumulate: a later, shorter
/// revocation of the same target never weakens an earlier one, and there is no way to take one back.
/// </remarks>
public interface IRevokedTokenStore
{
    /// <summary>Tells whether <paramref name="token"/> is revoked.</summary>
    /// <param name="token">The token of the request at hand.</param>
    /// <returns>
    /// <see cref="RevocationStatus.Revoked"/> from the moment on at which <see cref="RevokeAsync"/> completed, until the
    /// revocation's <see cref="Revocation.Expires"/> at the earliest; <see cref="RevocationStatus.Unknown"/> when the
    /// store cannot say.
    /// </returns>
    /// <remarks>
    /// It is called for every request that carries a token, on the request's thread: it answers at once, without I/O, a
    /// lock or an allocation. An exception counts as <see cref="RevocationStatus.Unknown"/>.
    /// </remarks>
    RevocationStatus GetStatus(in RevocableToken token);

    /// <summary>Stores a revocation.</summary>
    /// <param name="revocation">What is revoked, and until when that must be remembered.</param>
    /// <param name="cancellationToken">Cancels the wait; a store that was already changed stays so.</param>
    /// <returns>A receipt, once the revocation is in force. A store that cannot hold it throws.</returns>
    ValueTask<RevocationReceipt> RevokeAsync(Revocation revocation, CancellationToken cancellationToken);

    /// <summary>Lists what is revoked now, for an admin page or an audit, in no particular order.</summary>
    /// <param name="cancellationToken">Ends the listing.</param>
    /// <returns>
    /// The revocations held. Several of one target may appear as the one or two that say the same; given to
    /// <see cref="RevokeAsync"/> of another store, in any order and any number of times, they make it decide as this one.
    /// </returns>
    IAsyncEnumerable<Revocation> GetRevocationsAsync(CancellationToken cancellationToken);
}
