namespace JwtRevocation;

/// <summary>What a store says of a revocation that is in force.</summary>
public sealed class RevocationReceipt
{
    /// <summary>
    /// The time until which it is kept at least: what was asked for, or later when an earlier revocation of the same
    /// target asked for more. <see cref="DateTimeOffset.MaxValue"/> when it is for good.
    /// </summary>
    public required DateTimeOffset Expires { get; init; }
}
