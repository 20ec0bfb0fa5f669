namespace JwtRevocation;

/// <summary>
/// One fact: tokens that match <see cref="Target"/>, issued up to <see cref="Cutoff"/>, are refused until
/// <see cref="Expires"/>.
/// </summary>
public sealed class Revocation
{
    /// <summary>What is revoked.</summary>
    public required RevocationTarget Target { get; init; }

    /// <summary>
    /// The time until which the revocation must be kept; <see cref="DateTimeOffset.MaxValue"/> when it is for good.
    /// </summary>
    public required DateTimeOffset Expires { get; init; }

    /// <summary>
    /// The moment up to which tokens must have been issued to be revoked. For a session or a <c>jti</c>, whose tokens are
    /// revoked whenever they were issued, the moment of the revocation. <see langword="null"/> in a new revocation means
    /// now, by the clock of the store, which adds what its earlier receipts make necessary; see
    /// <see cref="RevocationReceipt.AcceptedFrom"/>. A token by its signature has none.
    /// </summary>
    public DateTimeOffset? Cutoff { get; init; }

    /// <summary>
    /// The first whole second that is accepted as the time of a token which names a whole second.
    /// <see langword="null"/> in a new revocation leaves it to the store.
    /// </summary>
    public DateTimeOffset? AcceptedFrom { get; init; }

    /// <inheritdoc cref="RevocationDetails.ByAuthenticationTime" />
    public bool ByAuthenticationTime { get; init; }

    /// <inheritdoc cref="RevocationDetails.SignsNewToken" />
    public bool SignsNewToken { get; init; }

    /// <summary>The session or token that is spared, if one is.</summary>
    public RevocationTarget? Except { get; init; }

    /// <inheritdoc cref="RevocationDetails.Reason" />
    public string? Reason { get; init; }

    /// <inheritdoc cref="RevocationDetails.Actor" />
    public string? Actor { get; init; }

    /// <summary>The same revocation with other times.</summary>
    internal Revocation With(DateTimeOffset? cutoff, DateTimeOffset? acceptedFrom) => new()
    {
        Target = Target,
        Expires = Expires,
        Cutoff = cutoff,
        AcceptedFrom = acceptedFrom,
        ByAuthenticationTime = ByAuthenticationTime,
        SignsNewToken = SignsNewToken,
        Except = Except,
        Reason = Reason,
        Actor = Actor,
    };
}
