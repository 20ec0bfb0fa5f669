using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Microsoft.IdentityModel.Tokens;
using static JwtRevocation.Tests.Endpoints.BackChannelLogoutProvider;

namespace JwtRevocation.Tests.Endpoints;

/// <summary>The rules of section 2.6, each with a logout token that differs from a valid one in just that.</summary>
public sealed class BackChannelLogoutTokenTests
{
    public static TheoryData<string> Algorithms => ["HS256", "RS256", "PS256", "ES256"];

    [Theory]
    [MemberData(nameof(Algorithms))]
    public async Task A_valid_logout_token_is_taken(string algorithm)
    {
        await using TestApi api = await StartAsync();

        await api.ShouldTakeAsync(Create(credentials: TestKeys.For(algorithm)));

        api.Count().Should().Be(1);
    }

    [Theory]
    [MemberData(nameof(Algorithms))]
    public async Task An_encrypted_one_too_if_a_signed_one_is_within(string algorithm)
    {
        await using TestApi api = await StartAsync();
        string signed = Create(credentials: TestKeys.For(algorithm));
        string forged = signed[..^8] + "AAAAAAAA";

        await api.ShouldRefuseAsync(TestTokens.EncryptAgain(forged));
        await api.ShouldRefuseAsync(TestTokens.EncryptAgain(Unsigned("none")));
        await api.ShouldTakeAsync(TestTokens.EncryptAgain(signed));
        api.Count().Should().Be(1);
    }

    [Fact]
    public async Task An_encrypted_one_is_held_to_the_same_rules()
    {
        await using TestApi api = await StartAsync();

        await api.ShouldRefuseAsync(TestTokens.EncryptAgain(Create(claims => claims["nonce"] = "n")));
        await api.ShouldRefuseAsync(TestTokens.EncryptAgain(Create(header: header => header["typ"] = "at+jwt")));
    }

    [Theory]
    [InlineData("none")]
    [InlineData("None")]
    [InlineData("NONE")]
    [InlineData("")]
    public async Task One_without_a_signature_is_refused(string algorithm)
    {
        // Even where the app takes unsigned access tokens.
        await using TestApi api = await StartAsync(bearer => bearer.TokenValidationParameters.RequireSignedTokens = false);

        await api.ShouldRefuseAsync(Unsigned(algorithm));
        await api.ShouldRefuseAsync(Unsigned(algorithm) + "AAAA");
    }

    [Theory]
    [MemberData(nameof(Algorithms))]
    public async Task One_with_another_signature_is_refused(string algorithm)
    {
        await using TestApi api = await StartAsync();
        string token = Create(credentials: TestKeys.For(algorithm));
        string other = Create(credentials: TestKeys.For(algorithm));

        await api.ShouldRefuseAsync(token[..(token.LastIndexOf('.') + 1)] + other[(other.LastIndexOf('.') + 1)..]);
    }

    [Fact]
    public async Task One_signed_by_another_key_is_refused()
    {
        await using TestApi api = await StartAsync();
        using ECDsa stranger = ECDsa.Create(ECCurve.NamedCurves.nistP256);

        await api.ShouldRefuseAsync(Create(credentials: new(new ECDsaSecurityKey(stranger) { KeyId = "p256" }, "ES256")));
        await api.ShouldRefuseAsync(Create(credentials: new(new ECDsaSecurityKey(stranger) { KeyId = "unknown" }, "ES256")));
    }

    [Fact]
    public async Task A_public_key_is_no_secret_for_an_HMAC()
    {
        await using TestApi api = await StartAsync();
        RSA rsa = ((RsaSecurityKey)TestKeys.For("RS256").Key).Rsa;
        foreach (byte[] published in new[] { rsa.ExportSubjectPublicKeyInfo(), rsa.ExportRSAPublicKey(), Encoding.ASCII.GetBytes(rsa.ExportSubjectPublicKeyInfoPem()) })
        {
            await api.ShouldRefuseAsync(Create(credentials: new(new SymmetricSecurityKey(published) { KeyId = "rsa" }, "HS256")));
        }
    }

    public static TheoryData<string, string> WrongClaims => new()
    {
        { "iss", "missing" }, { "iss", "\"\"" }, { "iss", "\"https://other.test\"" }, { "iss", "\"https://issuer.test/\"" }, { "iss", "7" }, { "iss", "null" }, { "iss", "[\"https://issuer.test\"]" },
        { "aud", "missing" }, { "aud", "\"\"" }, { "aud", "\"other\"" }, { "aud", "\"api/\"" }, { "aud", "[]" }, { "aud", "[\"other\"]" }, { "aud", "null" }, { "aud", "[\"api\",7]" }, { "aud", "{\"api\":1}" },
        { "iat", "missing" }, { "iat", "\"1\"" }, { "iat", "null" }, { "iat", "true" }, { "iat", "-1" }, { "iat", "1e400" }, { "iat", "[1]" },
        { "exp", "missing" }, { "exp", "\"99999999999\"" }, { "exp", "null" }, { "exp", "true" }, { "exp", "-1" }, { "exp", "0" }, { "exp", "1e400" }, { "exp", "[99999999999]" },
        { "jti", "missing" }, { "jti", "\"\"" }, { "jti", "7" }, { "jti", "null" }, { "jti", "[\"a\"]" }, { "jti", "{}" },
        { "sid", "\"\"" }, { "sid", "7" }, { "sid", "null" }, { "sid", "[\"session-1\"]" }, { "sid", "{}" }, { "sid", "true" }, { "sid", "\"\\ud800\"" },
        { "sub", "\"\"" }, { "sub", "7" }, { "sub", "null" }, { "sub", "[\"alice\"]" }, { "sub", "{}" }, { "sub", "true" }, { "sub", "\"\\ud800\"" },
        { "events", "missing" }, { "events", "null" }, { "events", "{}" }, { "events", "[]" }, { "events", $"\"{Event}\"" }, { "events", $"[\"{Event}\"]" },
        { "events", $$$"""{"{{{Event}}}":null}""" }, { "events", $$$"""{"{{{Event}}}":true}""" }, { "events", $$$"""{"{{{Event}}}":[]}""" }, { "events", $$$"""{"{{{Event}}}":"{}"}""" },
        { "events", $$$"""{"{{{Event}}}/":{}}""" }, { "events", """{"https://schemas.openid.net/event/backchannel-logout":{}}""" }, { "events", $$$"""[{"{{{Event}}}":{}}]""" },
        { "events", "\"{}\"" },
        { "nonce", "\"n\"" }, { "nonce", "\"\"" }, { "nonce", "null" }, { "nonce", "0" }, { "nonce", "{}" },
    };

    [Theory]
    [MemberData(nameof(WrongClaims))]
    public async Task One_with_a_wrong_claim_is_refused(string claim, string value)
    {
        await using TestApi api = await StartAsync();
        JsonObject payload = Payload();
        payload.Remove(claim);
        string json = payload.ToJsonString();
        string wrong = value == "missing" ? json : $"{json[..^1]},\"{claim}\":{value}}}";

        await api.ShouldRefuseAsync(Sign(wrong));

        // And it is that claim that was wrong.
        await api.ShouldTakeAsync(Sign(Payload().ToJsonString()));
    }

    [Fact]
    public async Task One_that_names_neither_session_nor_user_is_refused()
    {
        await using TestApi api = await StartAsync();

        await api.ShouldRefuseAsync(Create(claims =>
        {
            claims.Remove("sid");
            claims.Remove("sub");
        }));
    }

    [Theory]
    [InlineData("sid")]
    [InlineData("sub")]
    public async Task One_that_names_only_one_of_them_is_taken(string missing)
    {
        await using TestApi api = await StartAsync();

        await api.ShouldTakeAsync(Create(claims => claims.Remove(missing)));

        api.Count().Should().Be(1);
    }

    public static TheoryData<string> TakenTypes => ["absent", "JWT", "jwt", "logout+jwt", "Logout+JWT", "application/logout+jwt", "APPLICATION/LOGOUT+JWT"];

    [Theory]
    [MemberData(nameof(TakenTypes))]
    public async Task One_whose_type_does_not_say_otherwise_is_taken(string type)
    {
        await using TestApi api = await StartAsync();

        await api.ShouldTakeAsync(Create(header: header => SetType(header, type)));
    }

    [Theory]
    [InlineData("\"at+jwt\"")]
    [InlineData("\"application/at+jwt\"")]
    [InlineData("\"secevent+jwt\"")]
    [InlineData("\"application/secevent+jwt\"")]
    [InlineData("\"dpop+jwt\"")]
    [InlineData("\"logout+jwt \"")]
    [InlineData("\"logout\"")]
    [InlineData("\"JWS\"")]
    [InlineData("\"\"")]
    [InlineData("null")]
    [InlineData("7")]
    [InlineData("[\"logout+jwt\"]")]
    public async Task One_of_another_type_is_refused(string type)
    {
        await using TestApi api = await StartAsync();

        await api.ShouldRefuseAsync(Create(header: header => header["typ"] = JsonNode.Parse(type)));
    }

    [Fact]
    public async Task One_that_says_a_thing_twice_is_refused()
    {
        await using TestApi api = await StartAsync();
        string json = Payload().ToJsonString();
        foreach (string twice in new[] { "\"sub\":\"bob\"", "\"s\\u0075b\":\"bob\"", "\"sid\":\"session-2\"", "\"iss\":\"https://issuer.test\"", "\"exp\":99999999999", $"\"events\":{{\"{Event}\":{{}}}}" })
        {
            await api.ShouldRefuseAsync(Sign($"{json[..^1]},{twice}}}"));
            await api.ShouldRefuseAsync(Sign($"{{{twice},{json[1..]}"));
        }
    }

    [Fact]
    public async Task One_whose_header_names_something_critical_is_refused()
    {
        await using TestApi api = await StartAsync();

        await api.ShouldRefuseAsync(Create(header: header => header["crit"] = new JsonArray("exp")));
        await api.ShouldRefuseAsync(Create(header: header =>
        {
            header["crit"] = new JsonArray("b64");
            header["b64"] = false;
        }));
        await api.ShouldRefuseAsync(TestTokens.EncryptAgain(Create(header: header => header["crit"] = new JsonArray("exp"))));
        await api.ShouldRefuseAsync(TestTokens.EncryptAgain(Create(), new() { ["crit"] = (string[])["exp"] }));
        await api.ShouldTakeAsync(TestTokens.EncryptAgain(Create(), new() { ["not-critical"] = "exp" }));
    }

    [Fact]
    public async Task Claims_that_are_not_understood_are_ignored()
    {
        await using TestApi api = await StartAsync();

        await api.ShouldTakeAsync(Create(claims =>
        {
            claims["trace_id"] = "t";
            claims["toe"] = 7;
            claims["nested"] = new JsonObject { ["nonce"] = "not at the top" };
            claims["events"]!["https://other.test/event"] = "anything";
            claims["events"]![Event]!["reason"] = "not empty, which section 2.4 only recommends";
            claims["aud"] = new JsonArray(TestTokens.Audience, "another client");
        }));
    }

    [Fact]
    public async Task ID_tokens_and_access_tokens_are_no_logout_tokens()
    {
        await using TestApi api = await StartAsync();

        await api.ShouldRefuseAsync(AccessToken());
        await api.ShouldRefuseAsync(Create(claims => claims.Remove("events"), header => header["typ"] = "JWT"));
        await api.ShouldRefuseAsync(Create(claims => claims["nonce"] = "n", header => header["typ"] = "JWT"));
        await api.ShouldRefuseAsync(Create(header: header => header["typ"] = "at+jwt"));
    }

    [Fact]
    public async Task One_of_the_future_is_refused_beyond_the_clock_skew()
    {
        FakeTimeProvider clock = new(TimeProvider.System.GetUtcNow());
        await using TestApi api = await StartAsync(
            bearer => bearer.TokenValidationParameters.ClockSkew = TimeSpan.FromSeconds(30),
            services: services => services.AddSingleton<TimeProvider>(clock));
        DateTimeOffset now = Whole(clock.GetUtcNow());
        clock.SetUtcNow(now.AddSeconds(1));

        await api.ShouldRefuseAsync(Create(claims => claims["iat"] = now.ToUnixTimeSeconds() + 32, now: now));
        await api.ShouldRefuseAsync(Create(claims => claims["iat"] = now.ToUnixTimeSeconds() + 31.5, now: now));
        await api.ShouldRefuseAsync(Create(claims => claims["iat"] = 99_999_999_999, now: now));
        await api.ShouldRefuseAsync(Create(claims => claims["nbf"] = now.ToUnixTimeSeconds() + 32, now: now));
        await api.ShouldTakeAsync(Create(claims => claims["iat"] = now.ToUnixTimeSeconds() + 31, now: now));
    }

    [Fact]
    public async Task One_that_has_expired_is_refused_beyond_the_clock_skew()
    {
        FakeTimeProvider clock = new(Whole(TimeProvider.System.GetUtcNow()));
        await using TestApi api = await StartAsync(
            bearer => bearer.TokenValidationParameters.ClockSkew = TimeSpan.FromSeconds(30),
            services: services => services.AddSingleton<TimeProvider>(clock));
        DateTimeOffset issued = clock.GetUtcNow();
        string first = Create(now: issued);
        string second = Create(now: issued);

        clock.SetUtcNow(issued.AddSeconds(120 + 30).AddTicks(-1));
        await api.ShouldTakeAsync(first);

        clock.Advance(TimeSpan.FromTicks(1));
        using HttpResponseMessage expired = await api.LogOutAsync(second);
        await expired.ShouldBeRefusedLogoutAsync();
        api.Count().Should().Be(1);
    }

    [Fact]
    public async Task The_times_are_checked_though_the_app_does_not_check_those_of_access_tokens()
    {
        await using TestApi api = await StartAsync(bearer =>
        {
            bearer.TokenValidationParameters.ValidateLifetime = false;
            bearer.TokenValidationParameters.RequireExpirationTime = false;
            bearer.TokenValidationParameters.LifetimeValidator = (_, _, _, _) => true;
        });

        await api.ShouldRefuseAsync(Create(now: TimeProvider.System.GetUtcNow().AddHours(-1)));
        await api.ShouldRefuseAsync(Create(claims => claims.Remove("exp")));
    }

    [Fact]
    public async Task Times_may_have_a_fraction()
    {
        await using TestApi api = await StartAsync();
        double now = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds() / 1000.0;

        await api.ShouldTakeAsync(Create(claims =>
        {
            claims["iat"] = now - 1.25;
            claims["exp"] = now + 60.5;
        }));
    }

    [Fact]
    public async Task A_clock_skew_without_bound_does_no_harm()
    {
        await using TestApi api = await StartAsync(bearer => bearer.TokenValidationParameters.ClockSkew = TimeSpan.MaxValue);

        await api.ShouldTakeAsync(Create());
    }

    private static JsonObject Payload() => JsonNode.Parse(Base64Url.DecodeFromChars(Create().Split('.')[1]))!.AsObject();

    private static DateTimeOffset Whole(DateTimeOffset time) => DateTimeOffset.FromUnixTimeSeconds(time.ToUnixTimeSeconds());

    private static void SetType(JsonObject header, string type)
    {
        header.Remove("typ");
        if (type != "absent")
        {
            header["typ"] = type;
        }
    }

    private static string Unsigned(string algorithm)
    {
        string header = Base64Url.EncodeToString(Encoding.UTF8.GetBytes($$"""{"alg":"{{algorithm}}","typ":"logout+jwt"}"""));
        return $"{header}.{Create().Split('.')[1]}.";
    }
}
