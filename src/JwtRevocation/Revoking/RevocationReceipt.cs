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
    /// For a target that has a cutoff: the first whole second that, as a new token's <c>iat</c>, is accepted; with
    /// <see cref="RevocationDetails.ByAuthenticationTime"/>, as its <c>auth_time</c>. <see langword="null"/> for others.
    /// </summary>
    /// <remarks>
    /// <c>iat</c> usually has whole seconds (RFC 7519, section 2), and a token of the cutoff's second may have been issued
    /// before it, so it is refused. An issuer that signs a new token within that second, after a change of password, gives
    /// it this <c>iat</c>, which may lie up to a second ahead. A later revocation of the same target catches that token.
    /// </remarks>
    public DateTimeOffset? AcceptedFrom { get; init; }
}
