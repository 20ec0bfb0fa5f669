using System.Buffers.Text;
using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using JwtRevocation.Benchmarks.Reporting;
using Microsoft.IdentityModel.JsonWebTokens;

namespace JwtRevocation.Benchmarks;

/// <summary>
/// A hundred thousand of a million users signed out everywhere, and every other kind of revocation active: what a
/// revocation costs, and what a check of anybody's token does.
/// </summary>
internal static class GroupsProgram
{
    private const int Users = 1_000_000;
    private const int TokensPerUser = 5;
    private const int Revoked = 100_000;
    private const string Issuer = "https://issuer.example";
    private const string Header = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9";
    private const int Now = 1_767_225_600;

    public static bool Run(Report report)
    {
        using InMemoryRevokedTokenStore store = new();
        Random random = new(1);
        Revocation[] revocations =
        [
            .. Enumerable.Range(0, Revoked).Select(user => Of(RevocationTarget.Subject(Issuer, Name(user * (Users / Revoked))))),
        ];
        double before = GC.GetTotalMemory(forceFullCollection: true);
        double[] nanoseconds = new double[Revoked];
        for (int i = 0; i < Revoked; i++)
        {
            long start = Stopwatch.GetTimestamp();
            store.Add(revocations[i]);
            nanoseconds[i] = Stopwatch.GetElapsedTime(start).TotalNanoseconds;
        }

        double bytes = (GC.GetTotalMemory(forceFullCollection: true) - before) / Revoked;
        double mean = nanoseconds.Average();
        Result some = Check(store, random);
        foreach (RevocationTarget target in new[]
        {
            RevocationTarget.TokenId(Issuer, "none"), RevocationTarget.Session(Issuer, "none"), RevocationTarget.Client(Issuer, "none"),
            RevocationTarget.Claim(Issuer, "tenant", "none"), RevocationTarget.IssuedBy(Issuer), RevocationTarget.Everything,
        })
        {
            store.Add(Of(target));
        }

        store.Add(new() { Target = RevocationTarget.Token(Token(0, 0)), Expires = DateTimeOffset.MaxValue });
        Result all = Check(store, random);
        report.Write($"**Groups.** {Revoked:N0} of {Users:N0} subjects revoked, and then every other kind; random tokens of {TokensPerUser} sessions each.");
        report.Table(
            ["", "", "target"],
            [
                ["revoking a subject", $"median {Statistics.Median([.. nanoseconds]) / 1000:F2} µs, mean {mean / 1000:F2} µs", "mean 5 µs"],
                ["memory of one, besides its text", $"{bytes:F0} bytes", ""],
                ["a check with subjects revoked", $"{some}", "250 ns in cache"],
                ["a check with every kind revoked", $"{all}", "0 bytes"],
            ]);
        GC.KeepAlive(revocations);
        return mean < 5_000 && all.Allocated == 0;
    }

    /// <summary>
    /// Random tokens, new ones in each round: checked once, when neither they nor what is looked up are in the processor's
    /// caches, and then again and again, when they are. A request, whose token was just validated, is in between.
    /// </summary>
    private static Result Check(InMemoryRevokedTokenStore store, Random random)
    {
        const int Pool = 64;
        const int Repeats = 20;
        List<double> first = [];
        List<double> again = [];
        long allocated = 0;
        for (int round = -500; round < 1_000; round++)
        {
            JsonWebToken[] tokens = [.. Enumerable.Range(0, Pool).Select(_ => Token(random.Next(Users), random.Next(TokensPerUser)))];
            long bytes = GC.GetAllocatedBytesForCurrentThread();
            double cold = Time(store, tokens, repeats: 1);
            double warm = Time(store, tokens, Repeats);
            if (round >= 0)
            {
                allocated += GC.GetAllocatedBytesForCurrentThread() - bytes;
                first.Add(cold);
                again.Add(warm);
            }
        }

        return new(Statistics.Median(first), Statistics.Median(again), allocated);
    }

    private static double Time(InMemoryRevokedTokenStore store, JsonWebToken[] tokens, int repeats)
    {
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < repeats; i++)
        {
            foreach (JsonWebToken token in tokens)
            {
                store.Check(token);
            }
        }

        return Stopwatch.GetElapsedTime(start).TotalNanoseconds / (tokens.Length * repeats);
    }

    private readonly record struct Result(double First, double Again, long Allocated)
    {
        public override string ToString() => $"{Again:F0} ns in cache, {First:F0} ns out of cache, {Allocated} bytes allocated";
    }

    private static Revocation Of(RevocationTarget target) =>
        new() { Target = target, Expires = DateTimeOffset.MaxValue, Cutoff = DateTimeOffset.FromUnixTimeSeconds(Now - 3600) };

    private static string Name(int user) => $"auth0|{user:x24}";

    private static JsonWebToken Token(int user, int number)
    {
        string payload = string.Create(
            CultureInfo.InvariantCulture,
            $$"""{"iss":"{{Issuer}}","aud":"api","sub":"{{Name(user)}}","jti":"{{user:x24}}{{number:x8}}","sid":"{{user:x12}}{{number:x4}}","client_id":"spa","tenant":"t{{user % 1000}}","iat":{{Now}},"exp":{{Now + 900}}}""");
        JsonWebToken token = new($"{Header}.{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(payload))}.{Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32))}")
        {
            SigningKey = SampleTokens.Hs256().Key,
        };

        // Read by the handler before it asks for the lifetime, which the check comes after.
        _ = token.Alg;
        _ = token.ValidTo;
        return token;
    }
}
