namespace JwtRevocation;

/// <summary>What a store answers about a token.</summary>
public enum RevocationStatus
{
    /// <summary>The store cannot say, and <see cref="JwtRevocationOptions.WhenUnavailable"/> decides.</summary>
    Unknown,

    /// <summary>No revocation that the store holds matches the token.</summary>
    NotRevoked,

    /// <summary>The token is revoked.</summary>
    Revoked,

    /// <summary>
    /// The token was issued before revocations that were kept for <see cref="JwtRevocationOptions.MaxTokenLifetime"/> and
    /// dropped, so that nobody can tell whether it was revoked. It is refused.
    /// </summary>
    TooOld,
}
