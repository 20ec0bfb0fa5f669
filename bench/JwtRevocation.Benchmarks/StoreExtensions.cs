namespace JwtRevocation.Benchmarks;

internal static class StoreExtensions
{
    public static void Add(this InMemoryRevokedTokenStore store, RevocationTarget target, DateTimeOffset expires) =>
        store.Add(new() { Target = target, Expires = expires });

    public static void Add(this InMemoryRevokedTokenStore store, Revocation revocation)
    {
        ValueTask<RevocationReceipt> added = store.RevokeAsync(revocation);
        if (!added.IsCompletedSuccessfully)
        {
            throw new InvalidOperationException("The store in memory answers at once.");
        }
    }

    /// <summary>The check that each request pays for, as <see cref="RevocationCheck"/> does it.</summary>
    public static RevocationStatus Check(this IRevokedTokenStore store, Microsoft.IdentityModel.Tokens.SecurityToken token) =>
        RevocableToken.TryCreate(token, out RevocableToken revocable) ? store.GetStatus(in revocable) : RevocationStatus.Unknown;
}
