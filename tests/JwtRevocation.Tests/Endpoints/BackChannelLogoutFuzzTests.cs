using System.Buffers.Text;
using System.Net;
using System.Text;
using CsCheck;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.IdentityModel.Tokens;
using static JwtRevocation.Tests.Endpoints.BackChannelLogoutProvider;

namespace JwtRevocation.Tests.Endpoints;

/// <summary>Whatever is sent: 200 or 400, and never a revocation that no valid logout token asked for.</summary>
public sealed class BackChannelLogoutFuzzTests
{
    private static readonly Gen<byte[]> Bytes = Gen.Byte.Array[0, 2_000];

    [Fact]
    public async Task Bodies_of_any_bytes()
    {
        await using TestApi api = await StartAsync();
        await Gen.Select(Bytes, OneOf("application/x-www-form-urlencoded", "application/x-www-form-urlencoded; charset=utf-16", "application/x-www-form-urlencoded; charset=utf-7", "application/x-www-form-urlencoded;charset=\"", "multipart/form-data; boundary=b", "multipart/form-data", ""), Gen.Bool)
            .SampleAsync(
                async (bytes, type, named) =>
                {
                    byte[] body = named ? [.. "logout_token="u8, .. bytes] : bytes;
                    (await StatusAsync(api, body, type)).Should().Be(HttpStatusCode.BadRequest);
                },
                iter: 2_000,
                threads: 1);

        api.Count().Should().Be(0);
    }

    [Fact]
    public async Task Texts_that_look_like_tokens()
    {
        await using TestApi api = await StartAsync();
        Gen<string> segment = Gen.OneOf(
            Gen.String[Gen.Char.AlphaNumeric, 0, 60],
            Bytes.Select(bytes => Base64Url.EncodeToString(bytes)),
            Json.Select(json => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json))),
            Gen.Const(Create().Split('.')[0]),
            Gen.Const(Create().Split('.')[1]));
        await segment.Array[1, 6].SampleAsync(
            async segments => (await api.LogoutStatusAsync(string.Join('.', segments))).Should().Be(HttpStatusCode.BadRequest),
            iter: 2_000,
            threads: 1);

        api.Count().Should().Be(0);
    }

    [Fact]
    public async Task Valid_tokens_with_any_change_to_their_text()
    {
        await using TestApi api = await StartAsync();
        await Gen.Select(OneOf("HS256", "RS256", "ES256"), Gen.Bool, Gen.Int[0, int.MaxValue], Gen.Int[0, 3], Gen.Char)
            .SampleAsync(
                async (algorithm, encrypted, at, kind, with) =>
                {
                    string token = Create(claims => claims["sid"] = "fuzzed", credentials: TestKeys.For(algorithm));
                    token = encrypted ? TestTokens.EncryptAgain(token) : token;
                    at %= token.Length;
                    string changed = kind switch
                    {
                        0 => token.Remove(at, 1),
                        1 => token.Insert(at, with.ToString()),
                        2 => token[..at] + with + token[(at + 1)..],
                        _ => token[..at],
                    };
                    await api.LogoutStatusAsync(changed);
                },
                iter: 2_000,
                threads: 1);

        // A spelling of the same token may pass. Nothing else can have been revoked.
        (await RevokedAsync(api)).Should().BeSubsetOf([RevocationTarget.Session(TestTokens.Issuer, "fuzzed")]);
    }

    /// <summary>Signed by the issuer itself, so that all depends on what it says.</summary>
    [Fact]
    public async Task Signed_tokens_that_say_anything()
    {
        SigningCredentials[] credentials = [TestKeys.For("HS256"), TestKeys.For("ES256")];
        await using TestApi api = await StartAsync();
        await Gen.Select(Gen.OneOf(Json, Bytes.Select(bytes => Encoding.Latin1.GetString(bytes))), Gen.OneOf(Header, Json), Gen.Int[0, 1])
            .SampleAsync(
                async (payload, header, key) =>
                {
                    byte[] head = Encoding.UTF8.GetBytes(header.Replace("ALG", credentials[key].Algorithm, StringComparison.Ordinal));
                    (await api.LogoutStatusAsync(Sign(head, Encoding.UTF8.GetBytes(payload), credentials[key]))).Should().Be(HttpStatusCode.BadRequest);
                    (await api.LogoutStatusAsync(Sign(head, Encoding.Latin1.GetBytes(payload), credentials[key]))).Should().Be(HttpStatusCode.BadRequest);
                },
                iter: 2_000,
                threads: 1);

        api.Count().Should().Be(0);
    }

    /// <summary>A valid payload with one to three claims replaced: it passes only if each is still what the standard says.</summary>
    [Fact]
    public async Task Signed_tokens_that_are_nearly_right()
    {
        await using TestApi api = await StartAsync();
        Gen<(string Claim, string Value)> change = Gen.Select(
            OneOf("iss", "sub", "aud", "iat", "exp", "jti", "sid", "events", "nonce"), Json);
        HashSet<string> ids = [];
        await change.Array[1, 3].SampleAsync(
            async changes =>
            {
                Dictionary<string, string> claims = new()
                {
                    ["iss"] = $"\"{TestTokens.Issuer}\"",
                    ["sub"] = "\"alice\"",
                    ["aud"] = $"\"{TestTokens.Audience}\"",
                    ["iat"] = $"{TimeProvider.System.GetUtcNow().ToUnixTimeSeconds()}",
                    ["exp"] = $"{TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() + 60}",
                    ["jti"] = $"\"{Guid.NewGuid():N}\"",
                    ["sid"] = "\"session-1\"",
                    ["events"] = $"{{\"{Event}\":{{}}}}",
                };
                foreach ((string claim, string value) in changes)
                {
                    claims[claim] = value;
                }

                // The generator makes few values, so that what must pass is known without the code under test.
                bool valid = claims["iss"] == $"\"{TestTokens.Issuer}\""
                    && claims["aud"] is "\"api\"" or "[\"api\"]"
                    && IsText("jti") && IsText("sid") && IsText("sub")
                    && claims["events"] == $"{{\"{Event}\":{{}}}}"
                    && !claims.ContainsKey("nonce")
                    && (claims["iat"] == "0.5" || (long.TryParse(claims["iat"], out long issued) && issued is >= 0 and < 99_999_999_999))
                    && long.TryParse(claims["exp"], out long expires) && expires > 1;
                bool isNew = !valid || ids.Add(claims["jti"]);
                HttpStatusCode status = await api.LogoutStatusAsync(Sign($"{{{string.Join(',', claims.Select(each => $"\"{each.Key}\":{each.Value}"))}}}"));
                status.Should().Be(valid && isNew ? HttpStatusCode.OK : HttpStatusCode.BadRequest);

                bool IsText(string claim) => claims[claim] is ['"', not '"', ..] text && text != "\"\\ud800\"";
            },
            iter: 3_000,
            threads: 1);

        (await RevokedAsync(api)).Should().OnlyContain(target => target.Kind == RevocationTargetKind.Session && target.Issuer == TestTokens.Issuer);
    }

    private static readonly Gen<string> Leaf = OneOf(
        "null", "true", "0", "1", "0.5", "-1", "1e400", "99999999999", "9223372036854775808", "\"\"", "\"text\"", "\"2026-01-01T00:00:00Z\"", "\"\\ud800\"",
        "\"api\"", "\"7\"", "{}", "[]", $"{{\"{Event}\":{{}}}}", $"{{\"{Event}\":[]}}", "[\"api\"]", "[\"text\"]", "[[[]]]");

    private static readonly Gen<string> Json = Gen.OneOf(
        Leaf,
        Leaf,
        Gen.Select(OneOf("iss", "sub", "aud", "iat", "exp", "jti", "sid", "events", "nonce", "a"), Leaf)
            .Array[0, 10].Select(members => $"{{{string.Join(',', members.Select(member => $"\"{member.Item1}\":{member.Item2}"))}}}"));

    private static readonly Gen<string> Header = OneOf(
        """{"alg":"ALG"}""", """{"alg":"ALG","typ":"logout+jwt"}""", """{"alg":"ALG","typ":7}""", """{"alg":"ALG","kid":null}""", """{"alg":"none"}""", """{"alg":"ALG","crit":["a"]}""", """{"alg":"ALG","cty":"JWT"}""", """{"alg":["ALG"]}""");

    private static Gen<string> OneOf(params string[] texts) => Gen.Int[0, texts.Length - 1].Select(i => texts[i]);

    private static async Task<HttpStatusCode> StatusAsync(TestApi api, byte[] body, string type)
    {
        using ByteArrayContent content = new(body);
        content.Headers.TryAddWithoutValidation("Content-Type", type);
        using HttpResponseMessage response = await api.PostAsync(content);
        return response.StatusCode;
    }

    private static async Task<List<RevocationTarget>> RevokedAsync(TestApi api)
    {
        List<RevocationTarget> targets = [];
        await foreach (Revocation revocation in api.Services.GetRequiredService<IRevokedTokenStore>().GetRevocationsAsync(TestContext.Current.CancellationToken))
        {
            targets.Add(revocation.Target);
        }

        return targets;
    }
}
