namespace JwtRevocation;

/// <summary>One fact: tokens that match <see cref="Target"/> are refused until <see cref="Expires"/>.</summary>
public sealed class Revocation
{
    /// <summary>What is revoked.</summary>
    public required RevocationTarget Target { get; init; }

    /// <summary>
    /// The time until which the revocation must be kept, after which no token that it matches can be valid any more;
    /// <see cref="DateTimeOffset.MaxValue"/> when it is for good.
    /// </summary>
    public required DateTimeOffset Expires { get; init; }
}
