namespace JwtRevocation.Benchmarks;

/// <summary>Groups of every kind, to which none of the sample tokens belongs: what is looked up for each is not found.</summary>
internal static class EveryKind
{
    public static IEnumerable<Revocation> Of(int each) =>
        Enumerable.Range(0, each)
            .SelectMany(static number => new[]
            {
                RevocationTarget.Subject(SampleTokens.Issuer, $"nobody-{number}"),
                RevocationTarget.TokenId(SampleTokens.Issuer, $"none-{number}"),
                RevocationTarget.Session(SampleTokens.Issuer, $"none-{number}"),
                RevocationTarget.Client(SampleTokens.Issuer, $"none-{number}"),
                RevocationTarget.Claim(SampleTokens.Issuer, "tenant", $"none-{number}"),
            })
            .Select(static target => Of(target, cutoff: null))
            .Append(Of(RevocationTarget.IssuedBy(SampleTokens.Issuer), DateTimeOffset.UnixEpoch))
            .Append(Of(RevocationTarget.Everything, DateTimeOffset.UnixEpoch));

    // These two are of all tokens, up to a cutoff that is before the sample's.
    private static Revocation Of(RevocationTarget target, DateTimeOffset? cutoff) =>
        new() { Target = target, Expires = DateTimeOffset.MaxValue, Cutoff = cutoff };
}
