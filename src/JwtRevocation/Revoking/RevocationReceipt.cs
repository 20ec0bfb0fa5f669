namespace JwtRevocation;

/// <summary>What a store says of a revocation that is in force.</summary>
public sealed class RevocationReceipt
{
    /// <summary>
    /// The time until which it is kept at least: what was asked for, or later when an earlier revocation of the same
    /// target asked for more. <see cref="DateTimeOffset.MaxValue"/> when it is for good.
    /// </summary>
    public required DateTimeOffset Expires { get; init; }

    /// <summary>
    /// If <see cref="RevocationDetails.SignsNewToken"/> was asked for: the first whole second that, as the new token's
    /// <c>iat</c>, is accepted; with <see cref="RevocationDetails.ByAuthenticationTime"/>, as its <c>auth_time</c> too.
    /// </summary>
    /// <remarks>
    /// <c>iat</c> usually has whole seconds (RFC 7519, section 2), and a token of the cutoff's second may have been issued
    /// before it, so it is refused. An issuer that signs a new token within that second, after a change of password, gives
    /// it this <c>iat</c>, which lies up to a second ahead. A later revocation catches that token, and its receipt names a
    /// later second; when that would be more than a minute ahead, <see cref="RevocationFailedException"/> is thrown instead.
    /// An issuer whose <c>iat</c> has a fraction need not ask. A message of the issuer that revokes by its own clock need not
    /// catch that token.
    /// </remarks>
    public DateTimeOffset? AcceptedFrom { get; init; }
}
