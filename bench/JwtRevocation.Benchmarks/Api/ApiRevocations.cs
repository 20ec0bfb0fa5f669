namespace JwtRevocation.Benchmarks.Api;

/// <summary>What is revoked in the library's store while it is under load: nothing that the load's tokens are.</summary>
internal static class ApiRevocations
{
    /// <summary>As many are in the dictionary of signatures, and in Redis.</summary>
    public const int Some = 100_000;

    private const int OfEachKind = 10_000;

    public static async Task AddAsync(IRevokedTokenStore store, ApiMode mode)
    {
        IEnumerable<RevocationTarget> targets = mode switch
        {
            ApiMode.InMemory => Tokens(Some),
            ApiMode.Million => Tokens(1_000_000),
            ApiMode.AllKinds => [.. Tokens(OfEachKind), .. Groups()],
            _ => [],
        };
        foreach (RevocationTarget target in targets)
        {
            await store.RevokeAsync(new() { Target = target, Expires = DateTimeOffset.MaxValue, Cutoff = Cutoff(target) }, CancellationToken.None);
        }
    }

    private static IEnumerable<RevocationTarget> Tokens(int count)
    {
        Random random = new(1);
        return Enumerable.Range(0, count)
            .Select(_ => RevocationTarget.OfStored(new(new UInt128((ulong)random.NextInt64(), (ulong)random.NextInt64()))));
    }

    private static IEnumerable<RevocationTarget> Groups() =>
    [
        .. Enumerable.Range(ApiTokens.Count + 1, OfEachKind).SelectMany(static number => new[]
        {
            RevocationTarget.Subject(SampleTokens.Issuer, ApiTokens.Subject(number)),
            RevocationTarget.TokenId(SampleTokens.Issuer, $"{number:x32}"),
            RevocationTarget.Session(SampleTokens.Issuer, $"{number:x16}"),
            RevocationTarget.Client(SampleTokens.Issuer, $"client {number}"),
            RevocationTarget.Claim(SampleTokens.Issuer, "tenant", $"tenant {number}"),
        }),
        RevocationTarget.IssuedBy(SampleTokens.Issuer),
        RevocationTarget.Everything,
    ];

    // Before the tokens were issued, so that these two do not end all of them.
    private static DateTimeOffset? Cutoff(RevocationTarget target) =>
        target.Kind is RevocationTargetKind.Issuer or RevocationTargetKind.Everything ? DateTimeOffset.UnixEpoch : null;
}
