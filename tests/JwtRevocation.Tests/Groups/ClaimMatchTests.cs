using System.IdentityModel.Tokens.Jwt;
using System.Text.Json;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace JwtRevocation.Tests.Groups;

/// <summary>Which tokens a claim's value names, under both kinds of token object.</summary>
public sealed class ClaimMatchTests
{
    public static TheoryData<string, string, bool> Cases => new()
    {
        { "\"a\"", "a", true },
        { "\"a\"", "A", false },
        { "\"a\"", "a ", false },
        { "\"\"", "", true },
        { "\"\\u0061\"", "a", true },
        { "\"\\ud83d\\ude00\"", "😀", true },
        { "42", "42", true },
        { "42", "42.0", false },
        { "4.20", "4.20", true },
        { "1e3", "1e3", true },
        { "12345678901234567890123", "12345678901234567890123", true },
        { "true", "true", true },
        { "true", "True", false },
        { "null", "", false },
        { "null", "null", false },
        { "{\"a\":\"b\"}", "b", false },
        { "[\"a\",\"b\"]", "b", true },
        { "[\"a\",[\"b\"],{\"c\":\"c\"},7]", "7", true },
        { "[\"a\",[\"b\"]]", "b", false },
        { "[{\"c\":\"c\"}]", "c", false },
        { "[]", "", false },
        // IdentityModel reads these as dates.
        { "\"2026-01-01T00:00:00.0000000Z\"", "2026-01-01T00:00:00.0000000Z", true },
        { "\"2026-01-01\"", "2026-01-01", true },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_claim_matches_by_its_text(string json, string value, bool matches)
    {
        using InMemoryRevokedTokenStore store = new();
        store.Revoke(new() { Target = RevocationTarget.Claim("i", "tenant", value), Expires = DateTimeOffset.MaxValue });

        foreach (SecurityToken token in Both($"{{\"iss\":\"i\",\"tenant\":{json}}}"))
        {
            store.StatusOf(token).Should().Be(matches ? RevocationStatus.Revoked : RevocationStatus.NotRevoked);
        }
    }

    [Fact]
    public void Of_a_claim_that_is_there_twice_the_last_counts()
    {
        using InMemoryRevokedTokenStore store = new();
        store.Revoke(new() { Target = RevocationTarget.Claim("i", "tenant", "2"), Expires = DateTimeOffset.MaxValue });

        foreach (SecurityToken token in Both("{\"iss\":\"i\",\"tenant\":1,\"tenant\":2}"))
        {
            store.StatusOf(token).Should().Be(RevocationStatus.Revoked);
        }
    }

    [Fact]
    public void No_choice_of_texts_makes_two_targets_the_same()
    {
        (string Issuer, string Value)[] pairs =
        [
            ("a", "b"), ("a|b", ""), ("", "a|b"), ("a\0", "b"), ("a", "\0b"), ("ab", ""), ("", "ab"), ("a ", "b"), ("a", " b"), ("é", "b"), ("e\u0301", "b"),
            ("a", new string('b', 100_000)), (new string('a', 100_000), "b"),
        ];
        foreach ((string issuer, string value) in pairs)
        {
            using InMemoryRevokedTokenStore store = new();
            store.Revoke(new() { Target = RevocationTarget.Subject(issuer, value), Expires = DateTimeOffset.MaxValue });

            foreach ((string otherIssuer, string otherValue) in pairs)
            {
                foreach (SecurityToken token in Both(JsonSerializer.Serialize(new Dictionary<string, string> { ["iss"] = otherIssuer, ["sub"] = otherValue })))
                {
                    bool same = (issuer, value) == (otherIssuer, otherValue);
                    store.StatusOf(token).Should().Be(same ? RevocationStatus.Revoked : RevocationStatus.NotRevoked);
                }
            }
        }
    }

    [Fact]
    public void Half_a_surrogate_pair_matches_nothing_and_hides_nothing()
    {
        using InMemoryRevokedTokenStore store = new();
        store.Revoke(new() { Target = RevocationTarget.Claim("i", "groups", "g"), Expires = DateTimeOffset.MaxValue });

        JsonWebToken token = FastToken.Of("{\"iss\":\"i\",\"groups\":[\"\\ud800\",\"g\"]}");

        store.StatusOf(token).Should().Be(RevocationStatus.Revoked);
    }

    [Fact]
    public void What_was_dropped_of_one_issuer_is_no_matter_to_another()
    {
        DateTimeOffset start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        Microsoft.Extensions.Time.Testing.FakeTimeProvider clock = new(start);
        using InMemoryRevokedTokenStore store = new(clock);
        store.Revoke(new() { Target = RevocationTarget.Subject("i", "x"), Expires = start, ByAuthenticationTime = true });
        store.Revoke(new() { Target = RevocationTarget.Subject("i", "x"), Expires = start });
        clock.Advance(TimeSpan.FromMinutes(2));
        store.Count.Should().Be(0);

        string claims = $"\"sub\":\"y\",\"auth_time\":{start.ToUnixTimeSeconds() - 10},\"iat\":{start.ToUnixTimeSeconds() - 10}";
        store.StatusOf(FastToken.Of($"{{\"iss\":\"i\",{claims}}}")).Should().Be(RevocationStatus.TooOld);
        store.StatusOf(FastToken.Of($"{{\"iss\":\"j\",{claims}}}")).Should().Be(RevocationStatus.NotRevoked);
    }

    [Fact]
    public void A_shorter_revocation_of_a_group_does_not_shorten_an_earlier_one()
    {
        DateTimeOffset start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        Microsoft.Extensions.Time.Testing.FakeTimeProvider clock = new(start);
        using InMemoryRevokedTokenStore store = new(clock);
        store.Revoke(new() { Target = RevocationTarget.Session("i", "x"), Expires = start + TimeSpan.FromHours(2), Reason = "first", Actor = "bob" });
        store.Revoke(new() { Target = RevocationTarget.Session("i", "x"), Expires = start, Reason = "second" });
        clock.Advance(TimeSpan.FromHours(1));

        store.StatusOf(FastToken.Of("{\"iss\":\"i\",\"sid\":\"x\"}")).Should().Be(RevocationStatus.Revoked);
        Revocation listed = store.GetRevocationsAsync(TestContext.Current.CancellationToken).ToBlockingEnumerable(cancellationToken: TestContext.Current.CancellationToken).Should().ContainSingle().Which;
        (listed.Reason, listed.Actor).Should().Be(("second", "bob"));
    }

    [Fact]
    public void The_kinds_do_not_mix()
    {
        using InMemoryRevokedTokenStore store = new();
        store.Revoke(new() { Target = RevocationTarget.Subject("i", "x"), Expires = DateTimeOffset.MaxValue });

        foreach (string claim in new[] { "jti", "sid", "client_id", "azp", "tenant" })
        {
            foreach (SecurityToken token in Both($"{{\"iss\":\"i\",\"{claim}\":\"x\"}}"))
            {
                store.StatusOf(token).Should().Be(RevocationStatus.NotRevoked);
            }
        }
    }

    [Fact]
    public void A_client_matches_by_either_claim()
    {
        using InMemoryRevokedTokenStore store = new();
        store.Revoke(new() { Target = RevocationTarget.Client("i", "x"), Expires = DateTimeOffset.MaxValue });

        foreach (SecurityToken token in Both("{\"iss\":\"i\",\"azp\":\"x\"}").Concat(Both("{\"iss\":\"i\",\"client_id\":\"x\",\"azp\":\"y\"}")))
        {
            store.StatusOf(token).Should().Be(RevocationStatus.Revoked);
        }
    }

    [Theory]
    [InlineData("jti", RevocationTargetKind.TokenId)]
    [InlineData("sid", RevocationTargetKind.Session)]
    [InlineData("sub", RevocationTargetKind.Subject)]
    [InlineData("tenant", RevocationTargetKind.Claim)]
    public void A_claim_with_a_kind_of_its_own_is_of_that_kind(string claim, RevocationTargetKind kind) =>
        RevocationTarget.Claim("i", claim, "x").Kind.Should().Be(kind);

    [Fact]
    public void A_check_with_every_kind_active_allocates_nothing()
    {
        using InMemoryRevokedTokenStore store = new();
        foreach (RevocationTarget target in new[]
        {
            RevocationTarget.TokenId("i", "x"), RevocationTarget.Session("i", "x"), RevocationTarget.Subject("i", "x"), RevocationTarget.Client("i", "x"),
            RevocationTarget.Claim("i", "tenant", "x"), RevocationTarget.Claim("i", "groups", "x"), RevocationTarget.IssuedBy("i"), RevocationTarget.Everything,
        })
        {
            store.Revoke(new() { Target = target, Expires = DateTimeOffset.MaxValue, Cutoff = DateTimeOffset.UnixEpoch, Except = target.Kind == RevocationTargetKind.Subject ? RevocationTarget.Session("i", "y") : null });
        }

        foreach (SecurityToken token in Both("{\"iss\":\"i\",\"sub\":\"a\",\"jti\":\"a\",\"sid\":\"a\",\"client_id\":\"a\",\"tenant\":42,\"groups\":[\"a\",\"b\"],\"iat\":1767225600}"))
        {
            RevocableToken.TryCreate(token, out RevocableToken revocable).Should().BeTrue();
            long allocated = 0;
            for (int round = 0; round < 2; round++)
            {
                long before = GC.GetAllocatedBytesForCurrentThread();
                for (int i = 0; i < 10_000; i++)
                {
                    store.GetStatus(in revocable);
                }

                allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            }

            store.GetStatus(in revocable).Should().Be(RevocationStatus.NotRevoked);
            allocated.Should().BeLessThan(10_000);
        }
    }

    private static IEnumerable<SecurityToken> Both(string payload)
    {
        JsonWebToken token = FastToken.Of(payload);
        yield return token;
        yield return new JwtSecurityToken(token.EncodedToken) { SigningKey = token.SigningKey };
    }
}
