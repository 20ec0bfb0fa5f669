namespace JwtRevocation;

/// <summary>What else there is to say of a revocation.</summary>
public sealed class RevocationDetails
{
    /// <summary>
    /// A session or a token of the target that stays valid: sign out everywhere but here. Only for a target that has a
    /// cutoff; it must be <see cref="RevocationTarget.Session"/> or <see cref="RevocationTarget.Token"/>. A later
    /// revocation that does not spare it ends it too.
    /// </summary>
    public RevocationTarget? Except { get; init; }

    /// <summary>
    /// The cutoff: tokens issued up to this moment are revoked. Only for a target that has one. The default is now; it
    /// must not be later. With <see cref="IsByMessage"/> there is no default, and it may be a day later.
    /// </summary>
    public DateTimeOffset? Cutoff { get; init; }

    /// <summary>
    /// Whether the cutoff is held against the token's <c>auth_time</c> (OpenID Connect Core 1.0, section 2), when the user
    /// signed in, instead of its <c>iat</c>. Such a revocation also ends tokens that are refreshed later from a sign-in up
    /// to the cutoff. A token without <c>auth_time</c> is judged by its <c>iat</c>. The default is <see langword="false"/>.
    /// </summary>
    public bool ByAuthenticationTime { get; init; }

    /// <summary>
    /// Whether the caller signs a new token at once, with the time that <see cref="RevocationReceipt.AcceptedFrom"/> says. Only
    /// for a target that has a cutoff, which is now: not together with <see cref="Cutoff"/>. The default is
    /// <see langword="false"/>.
    /// </summary>
    public bool SignsNewToken { get; init; }

    /// <summary>
    /// Whether a message of the tokens' issuer asks for it. Then <see cref="Cutoff"/> is by the issuer's clock, as the tokens'
    /// <c>iat</c> is too, may be later than now, and must be there if the target has one; and what the message asks for is the
    /// same when it comes again. The endpoints for such messages set it; an <see cref="ITokenRevoker"/> of the app's that passes on details of its own must
    /// keep it. The default is <see langword="false"/>.
    /// </summary>
    public bool IsByMessage { get; init; }

    /// <summary>Why, for those who list revocations. It is kept as long as the revocation and never logged.</summary>
    public string? Reason { get; init; }

    /// <summary>By whom, for those who list revocations. It is kept as long as the revocation and never logged.</summary>
    public string? Actor { get; init; }
}
