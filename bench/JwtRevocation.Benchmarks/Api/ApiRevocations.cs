namespace JwtRevocation.Benchmarks.Api;

/// <summary>What is revoked in the library's store while it is under load: nothing that the load's tokens are.</summary>
internal static class ApiRevocations
{
    /// <summary>As many are in the dictionary of signatures, and in Redis.</summary>
    public const int Some = 100_000;

    private const int OfEachKind = 10_000;

    public static async Task AddAsync(IRevokedTokenStore store, ApiMode mode)
    {
        IEnumerable<Revocation> revocations = mode switch
        {
            ApiMode.InMemory or ApiMode.Connections or ApiMode.UnwatchedConnections => Tokens(Some),
            ApiMode.Million => Tokens(1_000_000),
            ApiMode.AllKinds => [.. Tokens(OfEachKind), .. EveryKind.Of(OfEachKind)],
            _ => [],
        };
        foreach (Revocation revocation in revocations)
        {
            await store.RevokeAsync(revocation, CancellationToken.None);
        }
    }

    private static IEnumerable<Revocation> Tokens(int count)
    {
        Random random = new(1);
        return Enumerable.Range(0, count).Select(_ => new Revocation
        {
            Target = RevocationTarget.OfStored(new(new UInt128((ulong)random.NextInt64(), (ulong)random.NextInt64()))),
            Expires = DateTimeOffset.MaxValue,
        });
    }
}
