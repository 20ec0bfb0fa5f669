using JwtRevocation.Benchmarks.Fleet;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace JwtRevocation.Benchmarks;

/// <summary>The check allocates nothing: not one byte in 100,000 of them.</summary>
internal static class AllocationGate
{
    private const int Checks = 100_000;
    private const int Revoked = 256;

    public static async Task<bool> PassesAsync()
    {
        Console.WriteLine($"Bytes allocated by {Checks:N0} checks (must be 0)");
        // All three, whatever the first says.
        return await PassesAsync("HS256", SampleTokens.Hs256())
            & await PassesAsync("RS256", SampleTokens.Rs256())
            & await PassesAsync("ES256", SampleTokens.Es256())
            & await PassesAsync("shared", SampleTokens.Hs256(), static revocation => revocation.AddReplicatedStore(static _ => new StillLog()));
    }

    private static async Task<bool> PassesAsync(string algorithm, SampleTokens tokens, Action<JwtRevocationBuilder>? configure = null)
    {
        JsonWebToken[] revoked = [.. tokens.Read(Enumerable.Range(0, Revoked))];
        JsonWebToken[] good = [.. tokens.Read(Enumerable.Range(Revoked, Revoked))];

        ServiceCollection collection = new();
        collection.AddAuthentication().AddJwtBearer();
        JwtRevocationBuilder revocation = collection.AddJwtRevocation();
        configure?.Invoke(revocation);
        await using ServiceProvider services = collection.BuildServiceProvider();
        IRevokedTokenStore store = services.GetRequiredService<IRevokedTokenStore>();
        foreach (JsonWebToken token in revoked)
        {
            await store.RevokeAsync(new() { Target = RevocationTarget.Token(token), Expires = DateTimeOffset.MaxValue }, CancellationToken.None);
        }

        TokenValidationParameters parameters = tokens.ValidationParameters().AddJwtRevocation(services);
        LifetimeValidator validator = parameters.LifetimeValidator;

        // The delegate throws for a revoked token, and exceptions are allocated.
        return Passes(algorithm, "hit", revoked, token => store.Check(token) == RevocationStatus.Revoked)
            & Passes(algorithm, "miss", good, token => store.Check(token) == RevocationStatus.NotRevoked)
            & Passes(algorithm, "delegate, miss", good, token => validator(token.ValidFrom, token.ValidTo, token, parameters));
    }

    private static bool Passes(string algorithm, string what, JsonWebToken[] tokens, Predicate<JsonWebToken> isAsExpected)
    {
        // Twice, the first time to warm up.
        long allocated = 0;
        for (int round = 0; round < 2; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < Checks; i++)
            {
                if (!isAsExpected(tokens[i % tokens.Length]))
                {
                    throw new InvalidOperationException($"{algorithm}, {what}: a check answered wrongly.");
                }
            }

            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        }

        Console.WriteLine($"  {algorithm} {what,-15} {allocated,8:N0}  {(allocated == 0 ? "ok" : "FAILED")}");
        return allocated == 0;
    }
}
