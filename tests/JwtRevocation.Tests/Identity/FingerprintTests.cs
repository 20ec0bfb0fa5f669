using System.IdentityModel.Tokens.Jwt;
using CsCheck;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace JwtRevocation.Tests.Identity;

public sealed class FingerprintTests
{
    private static readonly Gen<string> AnyAlgorithm = Gen.OneOf(TestKeys.Algorithms);

    [Theory]
    [MemberData(nameof(TestKeys.AlgorithmData), MemberType = typeof(TestKeys))]
    public async Task Every_spelling_that_a_handler_accepts_has_the_same_fingerprint(string algorithm)
    {
        string token = TestTokens.Create(algorithm);
        TokenFingerprint expected = FingerprintOf(new JsonWebToken(token));

        int accepted = 0;
        foreach (string spelling in Spelling.Of(token, algorithm).Prepend(token))
        {
            foreach (SecurityToken read in await AcceptedByAsync(spelling, TestTokens.Parameters()))
            {
                FingerprintOf(read).Should().Be(expected, "{0} is accepted as the same token", spelling);
                accepted++;
            }
        }

        // Both handlers on the plain text, and one on at least one other: or this test shows nothing.
        accepted.Should().BeGreaterThan(2);
    }

    [Theory]
    [InlineData("HS256")]
    [InlineData("RS256")]
    [InlineData("PS256")]
    [InlineData("PS384")]
    [InlineData("PS512")]
    [InlineData("ES256")]
    public async Task So_has_a_signature_without_its_leading_zeros(string algorithm)
    {
        string token = TestTokens.CreateWithLeadingZero(algorithm);
        List<string> accepted = [];
        foreach (string spelling in Spelling.Of(token, algorithm))
        {
            foreach (SecurityToken read in await AcceptedByAsync(spelling, TestTokens.Parameters()))
            {
                FingerprintOf(read).Should().Be(FingerprintOf(new JsonWebToken(token)), "{0} is accepted as the same token", spelling);
                accepted.Add(spelling);
            }
        }

        if (algorithm.StartsWith("PS", StringComparison.Ordinal) && OperatingSystem.IsLinux())
        {
            accepted.Should().Contain(spelling => spelling.Length < token.Length, "OpenSSL takes it: or this test shows nothing");
        }
    }

    [Fact]
    public void Nobody_can_choose_fingerprints_of_the_same_hash_code()
    {
        // Those of UInt128 are the same for all of these, whatever the seed: the halves of each half cancel out.
        HashSet<int> codes = [.. Enumerable.Range(0, 10_000).Select(static i =>
            new TokenFingerprint(new(((ulong)i << 32) | ((uint)i ^ 0xdeadbeef), ((ulong)i << 32) | ((uint)i ^ 0x12345678))).GetHashCode())];

        codes.Count.Should().BeGreaterThan(9_900);
    }

    [Fact]
    public void Neither_the_other_alphabet_nor_white_space_nor_padding_makes_another_fingerprint()
    {
        // Whatever handlers accept today: older ones accepted more.
        foreach (string algorithm in TestKeys.Algorithms)
        {
            string token = TestTokens.Create(algorithm);
            int signature = token.LastIndexOf('.') + 1;
            foreach (string spelling in new[]
            {
                token[..signature] + token[signature..].Replace('-', '+').Replace('_', '/'),
                token + "==", token + "\n", token.Insert(signature, " "), token.Insert(signature + 7, "\r\n"),
            })
            {
                FingerprintOf(Reader(spelling)).Should().Be(FingerprintOf(new JsonWebToken(token)));
            }
        }
    }

    [Fact]
    public void What_is_no_part_of_the_header_cannot_be_moved_into_the_payload()
    {
        FingerprintOf(Unsigned("{\"alg\":\"none\"} ", "{\"sub\":\"a\"}"))
            .Should().NotBe(FingerprintOf(Unsigned("{\"alg\":\"none\"}", " {\"sub\":\"a\"}")));

        static JsonWebToken Unsigned(string header, string payload) => new($"{Base64UrlEncoder.Encode(header)}.{Base64UrlEncoder.Encode(payload)}.");
    }

    [Fact]
    public async Task Random_edits_never_give_an_accepted_token_another_fingerprint()
    {
        // Many a token and many an edit: insert, remove and replace characters of all kinds at random places.
        Gen<string> junk = Gen.OneOf(Gen.OneOf("=", "==", " ", "\n", "\t", "-", "_", "+", "/", "A", ".", "\0"), Gen.Char.AlphaNumeric.Select(c => c.ToString()));
        Gen<(string, int, string, int)[]> edits = Gen.Select(Gen.OneOf("insert", "remove", "replace"), Gen.Int[0, 120], junk, Gen.Int[0, 1]).Array[1, 3];

        await Gen.Select(AnyAlgorithm, edits).SampleAsync(
            async (algorithm, changes) =>
            {
                string token = TestTokens.Create(algorithm);
                string edited = token;
                foreach ((string kind, int fromEnd, string text, int length) in changes)
                {
                    int at = Math.Max(0, edited.Length - fromEnd);
                    int removed = kind == "insert" ? 0 : Math.Min(length, edited.Length - at);
                    edited = edited.Remove(at, removed).Insert(at, kind == "remove" ? "" : text);
                }

                foreach (SecurityToken read in await AcceptedByAsync(edited, TestTokens.Parameters()))
                {
                    FingerprintOf(read).Should().Be(FingerprintOf(new JsonWebToken(token)));
                }
            },
            iter: 3_000);
    }

    [Theory]
    [InlineData("ES256")]
    [InlineData("ES384")]
    [InlineData("ES512")]
    public async Task The_other_signature_of_an_ECDSA_token_verifies_and_has_the_same_fingerprint(string algorithm)
    {
        string token = TestTokens.Create(algorithm);
        string twin = Spelling.Twin(token, algorithm);

        twin.Should().NotBe(token);
        IReadOnlyList<SecurityToken> accepted = await AcceptedByAsync(twin, TestTokens.Parameters());
        accepted.Should().HaveCount(2);
        accepted.Should().OnlyContain(read => FingerprintOf(read) == FingerprintOf(new JsonWebToken(token)));
    }

    [Fact]
    public async Task An_encrypted_token_has_the_fingerprint_of_the_token_within_however_often_it_is_encrypted()
    {
        string signed = TestTokens.Create();
        string first = TestTokens.EncryptAgain(signed);
        string second = TestTokens.EncryptAgain(signed);

        second.Should().NotBe(first);
        foreach (string jwe in new[] { first, second })
        {
            IReadOnlyList<SecurityToken> accepted = await AcceptedByAsync(jwe, TestTokens.Parameters());
            accepted.Should().HaveCount(2);
            accepted.Should().OnlyContain(read => FingerprintOf(read) == FingerprintOf(new JsonWebToken(signed)));
        }
    }

    [Fact]
    public async Task Unsigned_tokens_have_a_fingerprint_each_that_no_spelling_of_their_text_changes()
    {
        TokenValidationParameters parameters = TestTokens.Parameters();
        parameters.RequireSignedTokens = false;
        string token = TestTokens.CreateUnsigned();
        TokenFingerprint expected = FingerprintOf(new JsonWebToken(token));

        int accepted = 0;
        foreach (string spelling in Spelling.Of(token, "none"))
        {
            foreach (SecurityToken read in await AcceptedByAsync(spelling, parameters))
            {
                FingerprintOf(read).Should().Be(expected);
                accepted++;
            }
        }

        accepted.Should().BeGreaterThan(0);
        FingerprintOf(new JsonWebToken(TestTokens.CreateUnsigned())).Should().NotBe(expected);
    }

    [Fact]
    public void Different_tokens_never_share_a_fingerprint() =>
        AnyAlgorithm.Array[2, 20].Sample(
            algorithms =>
            {
                // Of one issuer, for one subject, in one second: all but the jti is the same.
                TokenFingerprint[] fingerprints = [.. algorithms.Append("none").Append("none").Select(algorithm => FingerprintOf(
                    new JsonWebToken(algorithm == "none" ? TestTokens.CreateUnsigned() : TestTokens.Create(algorithm))))];
                fingerprints.Should().OnlyHaveUniqueItems();
            },
            iter: 200);

    [Fact]
    public void Both_kinds_of_token_object_have_the_same_fingerprint() =>
        AnyAlgorithm.Sample(
            algorithm =>
            {
                string token = TestTokens.Create(algorithm);
                FingerprintOf(new JwtSecurityToken(token)).Should().Be(FingerprintOf(new JsonWebToken(token)));
                FingerprintOf(new JsonWebToken(token.AsMemory())).Should().Be(FingerprintOf(new JsonWebToken(token)));
            },
            iter: 200);

    [Fact]
    public void What_it_is_stays_as_documented()
    {
        // RFC 7515, appendix A.1: HS256. The fingerprint is the start of its signature, whose bytes the RFC lists.
        JsonWebToken hs256 = new("eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");

        FingerprintOf(hs256).ToString().Should().Be("7418dfb49799e0254ffa607dd8adbbba");
    }

    [Fact]
    public void Fingerprinting_allocates_nothing()
    {
        foreach (string algorithm in TestKeys.Algorithms)
        {
            string text = TestTokens.Create(algorithm);
            JsonWebToken jwt = new(text);
            _ = jwt.Alg; // The handler has read it when it verified the signature.
            JwtSecurityToken older = new(text);
            FingerprintOf(jwt);
            FingerprintOf(older);

            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 1000; i++)
            {
                TokenFingerprint.TryCreate(jwt, out _);
                TokenFingerprint.TryCreate(older, out _);
            }

            (GC.GetAllocatedBytesForCurrentThread() - before).Should().BeLessThan(1000, "of {0}", algorithm);
        }
    }

    [Fact]
    public void What_is_no_encoded_JWT_has_none()
    {
        TokenFingerprint.TryCreate(null, out _).Should().BeFalse();
        TokenFingerprint.TryCreate(new NotAJwt(), out _).Should().BeFalse();
        TokenFingerprint.TryCreate(new JwtSecurityToken(issuer: "never encoded"), out _).Should().BeFalse();
        TokenFingerprint.TryCreate(new JsonWebToken(TestTokens.Create(encrypted: true)), out _).Should().BeFalse("it is not decrypted");
    }

    // Reads any text as the signature, as a lenient handler would.
    private static JwtSecurityToken Reader(string token)
    {
        string[] parts = token.Split('.');
        JwtSecurityToken read = new($"{parts[0]}.{parts[1]}.");
        return new(read.Header, read.Payload, parts[0], parts[1], parts[2]);
    }

    private static TokenFingerprint FingerprintOf(SecurityToken token)
    {
        TokenFingerprint.TryCreate(token, out TokenFingerprint fingerprint).Should().BeTrue();
        return fingerprint;
    }

    private static async Task<IReadOnlyList<SecurityToken>> AcceptedByAsync(string token, TokenValidationParameters parameters)
    {
        List<SecurityToken> accepted = [];
        TokenValidationResult result = await new JsonWebTokenHandler().ValidateTokenAsync(token, parameters);
        if (result.IsValid)
        {
            accepted.Add(result.SecurityToken);
        }

        try
        {
            new JwtSecurityTokenHandler().ValidateToken(token, parameters, out SecurityToken read);
            accepted.Add(read);
        }
        catch (Exception exception) when (exception is SecurityTokenException or ArgumentException)
        {
            // Refused.
        }

        return accepted;
    }
}
