namespace JwtRevocation;

/// <summary>A store of the library's, which can have the processor fetch beforehand what it will look up a token by.</summary>
internal interface IPrefetchingStore
{
    /// <summary>Begins to fetch it, and does not wait for it.</summary>
    /// <param name="fingerprint">That of a token whose signature may turn out to be wrong.</param>
    void Prefetch(TokenFingerprint fingerprint);
}
