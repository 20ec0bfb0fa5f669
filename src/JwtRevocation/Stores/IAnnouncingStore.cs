namespace JwtRevocation;

/// <summary>A store of the library's, which says at once what it has added, from wherever it came.</summary>
internal interface IAnnouncingStore
{
    /// <summary>
    /// Raised when a token is revoked by its signature, once that is in force. Whoever listens does not block or throw.
    /// </summary>
    event Action<TokenFingerprint>? TokenRevoked;

    /// <summary>Raised when anything else is revoked, in the same way.</summary>
    event Action<RevocationTarget>? GroupRevoked;
}
