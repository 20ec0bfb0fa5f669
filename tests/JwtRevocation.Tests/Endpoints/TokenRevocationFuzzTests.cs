using System.Net;
using System.Text;
using CsCheck;
using Microsoft.AspNetCore.Builder;

namespace JwtRevocation.Tests.Endpoints;

/// <summary>
/// Whatever is posted: no answer is a 500, and nothing is revoked but by a form that names one valid token exactly once.
/// </summary>
public sealed class TokenRevocationFuzzTests
{
    private static readonly Gen<string> ContentType = Gen.OneOf(
        TokenRevocationApi.Form,
        TokenRevocationApi.Form,
        TokenRevocationApi.Form + "; charset=utf-8",
        TokenRevocationApi.Form + "; charset=utf-16",
        TokenRevocationApi.Form + "; charset=utf-7",
        TokenRevocationApi.Form + "; charset=\"no such\"",
        TokenRevocationApi.Form + "; x=y",
        "multipart/form-data; boundary=x",
        "application/json",
        TokenRevocationApi.Form + ";;;",
        "nonsense",
        "");

    private static readonly Gen<string> Hint = Gen.OneOf(
        Gen.OneOf("", "&token_type_hint=access_token", "&token_type_hint=refresh_token", "&token_type_hint", "&token_type_hint=a&token_type_hint=b"),
        Gen.String.Select(text => "&token_type_hint=" + Uri.EscapeDataString(text.Replace('\uD800', ' '))));

    [Fact]
    public async Task Random_bytes()
    {
        await using TestApi api = await StartAsync();

        await Gen.Select(Gen.Byte.Array[0, 300], ContentType).SampleAsync(
            async (bytes, contentType) =>
            {
                using HttpResponseMessage response = await PostAsync(api, bytes, contentType);
                ShouldBeNoFault(response);
                (await api.CountAsync()).Should().Be(0);
            },
            iter: 1000,
            threads: 1);
    }

    [Fact]
    public async Task Forms_that_were_tampered_with()
    {
        await using TestApi api = await StartAsync();
        Gen<string> junk = Gen.OneOf(
            Gen.OneOf("&", "=", "%", "%00", "%u0041", "+", ";", "&token=", "&token", "token=", "\0", "\r\n", "%25", "%ff", "&&", "[0]", "T", "é"),
            Gen.Char.AlphaNumeric.Select(character => character.ToString()));
        Gen<(string Kind, int At, string Junk)[]> edits = Gen.Select(Gen.OneOf("insert", "remove", "replace"), Gen.Int[0, 600], junk).Array[0, 4];

        await Gen.Select(edits, Hint, ContentType).SampleAsync(
            async (edits, hint, contentType) =>
            {
                string token = TestTokens.Create();
                string body = edits.Aggregate($"token={token}{hint}", (text, edit) => Edit(text, edit.Kind, edit.At, edit.Junk));
                int before = await api.CountAsync();

                using HttpResponseMessage response = await PostAsync(api, Encoding.UTF8.GetBytes(body), contentType);

                ShouldBeNoFault(response);
                bool revoked = await api.StatusAsync(token) == HttpStatusCode.Unauthorized;
                (await api.CountAsync()).Should().Be(before + (revoked ? 1 : 0));
                bool asks = AsksFor(body, contentType, token);
                if (revoked || !HasNul(body))
                {
                    revoked.Should().Be(asks, "the body was {0}, as {1}", body, contentType);
                }

                if (revoked)
                {
                    response.StatusCode.Should().Be(HttpStatusCode.OK);
                }
            },
            iter: 1000,
            threads: 1);
    }

    [Fact]
    public async Task Tokens_that_were_tampered_with()
    {
        await using TestApi api = await StartAsync();
        Gen<string> junk = Gen.OneOf(Gen.OneOf(".", "=", "-", "_", " ", "\n", "\0", "é", "...."), Gen.Char.AlphaNumeric.Select(c => c.ToString()));
        Gen<(string, int, string)[]> edits = Gen.Select(Gen.OneOf("insert", "remove", "replace"), Gen.Int[0, 700], junk).Array[1, 3];

        await Gen.Select(edits, Gen.OneOf(TestKeys.Algorithms), Gen.Bool, Hint).SampleAsync(
            async (edits, algorithm, encrypted, hint) =>
            {
                string token = TestTokens.Create(algorithm, encrypted: encrypted);
                string tampered = edits.Aggregate(token, (text, edit) => Edit(text, edit.Item1, edit.Item2, edit.Item3));
                bool accepted = await api.StatusAsync(tampered) == HttpStatusCode.OK;
                int before = await api.CountAsync();

                using HttpResponseMessage response = await PostAsync(
                    api, Encoding.UTF8.GetBytes("token=" + Uri.EscapeDataString(tampered) + hint), TokenRevocationApi.Form);

                // Another spelling of the token is the token: the API must accept it, for it to be revoked.
                ShouldBeNoFault(response);
                bool revoked = await api.StatusAsync(token) == HttpStatusCode.Unauthorized;
                (await api.CountAsync()).Should().Be(before + (revoked ? 1 : 0));
                if (revoked)
                {
                    accepted.Should().BeTrue("the token was {0}", tampered);
                    response.StatusCode.Should().Be(HttpStatusCode.OK);
                }
            },
            iter: 500,
            threads: 1);
    }

    [Fact]
    public async Task Tokens_of_others_in_any_form()
    {
        await using TestApi api = await TokenRevocationApi.StartAsync();

        await Gen.Select(Hint, Gen.OneOf("app", "another"), Gen.OneOf("app", "another"), Gen.OneOf("client_id", "azp", "sub", "jti")).SampleAsync(
            async (hint, owner, caller, claim) =>
            {
                string token = TokenRevocationApi.TokenOf(owner, claim);
                int before = await api.CountAsync();

                using HttpResponseMessage response = await api.PostAsync($"token={token}{hint}", caller);

                ShouldBeNoFault(response);
                bool may = owner == caller && (claim is "client_id" or "azp") && AsksFor($"token={token}{hint}", TokenRevocationApi.Form, token);
                (await api.StatusAsync(token)).Should().Be(may ? HttpStatusCode.Unauthorized : HttpStatusCode.OK);
                (await api.CountAsync()).Should().Be(before + (may ? 1 : 0));
            },
            iter: 300,
            threads: 1);
    }

    private static Task<TestApi> StartAsync() => TokenRevocationApi.StartAsync(endpoint: revocation => revocation.AllowAnonymous());

    private static Task<HttpResponseMessage> PostAsync(TestApi api, byte[] body, string contentType) =>
        api.Client.PostAsync(new ByteArrayContent(body), client: null, contentType: contentType);

    private static void ShouldBeNoFault(HttpResponseMessage response) =>
        ((int)response.StatusCode).Should().BeOneOf(200, 400, 415);

    /// <summary>What RFC 7009 and RFC 6749 say, read by another parser.</summary>
    private static bool AsksFor(string body, string contentType, string token)
    {
        if (!contentType.StartsWith(TokenRevocationApi.Form, StringComparison.Ordinal) || contentType.Contains("utf-16") || contentType.Contains("utf-7") || contentType.Contains(";;"))
        {
            return false;
        }

        List<KeyValuePair<string, string>> pairs = [];
        foreach (string pair in body.Split('&'))
        {
            int equals = pair.IndexOf('=', StringComparison.Ordinal);
            if (pair.Length > 0)
            {
                pairs.Add(new(Decode(equals < 0 ? pair : pair[..equals]), equals < 0 ? "" : Decode(pair[(equals + 1)..])));
            }
        }

        // A name in another case is no parameter of ours, but spoils one that is.
        string[] tokens = [.. pairs.Where(pair => pair.Key.Equals("token", StringComparison.OrdinalIgnoreCase)).Select(pair => pair.Value)];
        return tokens is [string only] && only == token
            && pairs.Any(pair => pair.Key == "token")
            && pairs.Count(pair => pair.Key.Equals("token_type_hint", StringComparison.OrdinalIgnoreCase)) <= 1;
    }

    // ASP.NET Core refuses a form with one.
    private static bool HasNul(string body) => body.Contains('\0') || body.Contains("%00");

    private static string Decode(string text) => WebUtility.UrlDecode(text);

    private static string Edit(string text, string kind, int at, string junk)
    {
        at %= text.Length + 1;
        return kind switch
        {
            "insert" => text.Insert(at, junk),
            "remove" => at < text.Length ? text.Remove(at, 1) : text,
            _ => at < text.Length ? text.Remove(at, 1).Insert(at, junk) : text + junk,
        };
    }
}
