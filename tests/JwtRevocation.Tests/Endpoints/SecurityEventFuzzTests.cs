using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CsCheck;
using Microsoft.Extensions.DependencyInjection;
using static JwtRevocation.Tests.Endpoints.SecurityEventMessage;

namespace JwtRevocation.Tests.Endpoints;

/// <summary>
/// Whatever is sent, the answer is never a 500, and nothing is revoked that a valid message did not ask for.
/// CsCheck_Iter=100000 in the environment makes it that many messages.
/// </summary>
public sealed class SecurityEventFuzzTests
{
    private static readonly string[] Messages =
    [
        .. from type in new[] { SessionRevoked, CredentialChange, AccountDisabled, SessionsRevoked, Verification }
           from subject in new[]
           {
               Alice,
               SessionOfAlice,
               """{"format":"opaque","id":"s1"}""",
               """{"format":"email","email":"alice@example.com"}""",
               $$$$"""{"format":"complex","user":{{{{Alice}}}}}""",
               $$"""{"format":"aliases","identifiers":[{{Alice}},{"format":"opaque","id":"alice"}]}""",
           }
           select new SecurityEventMessage(
               TimeProvider.System.GetUtcNow(), type, subject, """{"event_timestamp":1615304991,"change_type":"update"}""").Claims.ToJsonString(),
    ];

    // What may stand where something else should.
    private static readonly string[] Values =
    [
        "null", "true", "0", "-1", "1e400", "1e-400", "123456789012345678901234567890", "1615304991.5", "\"\"", "\"alice\"", "\"bob\"",
        "\"\\ud800\"", "\"\\u0000\"", "\"iss_sub\"", "\"opaque\"", "\"complex\"", "\"aliases\"", "[]", "{}", "[[[[{}]]]]", "[\"alice\"]", Alice, SessionOfAlice,
        $$$$"""{"format":"complex","user":{{{{Alice}}}},"device":{"format":"opaque","id":"d"}}""", $"\"{TestTokens.Issuer}\"", $"\"{SessionRevoked}\"",
        """{"format":"iss_sub","iss":"https://other.test","sub":"alice"}""",
    ];

    private static readonly string[] Names = ["sub_id", "format", "exp", "sub", "user", "session", "device", "id", "iss", "iat", "identifiers", SessionRevoked];

    [Fact]
    public Task Random_bytes_are_refused() => ShouldAllBeRefusedAsync(
        static _ => Gen.OneOf(Gen.Byte.Array[0, 300], Gen.String[Gen.Char["eyJ.{}\"_-=A"], 0, 100].Select(Encoding.ASCII.GetBytes)));

    [Fact]
    public Task A_good_token_with_other_bytes_is_refused() => ShouldAllBeRefusedAsync(static api =>
    {
        byte[] good = Encoding.ASCII.GetBytes(api.Message().ToString());
        int signature = Array.LastIndexOf(good, (byte)'.');
        return Gen.Select(Gen.Int[0, signature], Gen.Byte)
            .Where((at, value) => good[at] != value)
            .Select((at, value) => (byte[])[.. good[..at], value, .. good[(at + 1)..]]);
    });

    [Fact]
    public async Task A_signed_token_with_other_claims_revokes_only_what_it_asks_for()
    {
        Recorder store = new();
        await using SecurityEventApi api = await StartAsync(store);
        Gen<string> anyValue = Gen.OneOf(Values);
        Gen<(int At, int How, string Value, string Name)> change = Gen.Select(Gen.Int[0, 1000], Gen.Int[0, 4], anyValue, Gen.OneOf(Names));
        int revoking = 0;
        await Gen.Select(Gen.OneOf(Messages), change.Array[0, 3], Gen.Bool).SampleAsync(
            async (message, changes, isHeaderToo) =>
            {
                string json = changes.Aggregate(message, Change);
                SecurityEventMessage signed = api.Message();
                if (isHeaderToo && changes.Length > 2)
                {
                    signed.Header["typ"] = JsonNode.Parse(changes[0].Value.Replace("1e400", "1", StringComparison.Ordinal).Replace("\\ud800", "", StringComparison.Ordinal));
                }

                store.Taken.Clear();
                using HttpResponseMessage response = await api.SendAsync(signed.Sign(Encoding.UTF8.GetBytes(json)));
                response.StatusCode.Should().BeOneOf(HttpStatusCode.Accepted, HttpStatusCode.BadRequest);
                if (store.Taken.Count > 0)
                {
                    response.StatusCode.Should().Be(HttpStatusCode.Accepted);
                    ShouldAskFor(json, store.Taken);
                    revoking++;
                }
            },
            iter: Math.Max(3000, Check.Iter),
            threads: 1);
        revoking.Should().BePositive("or nothing was tested");
    }

    [Fact]
    public async Task A_signed_token_with_other_bytes_revokes_only_what_it_asks_for()
    {
        Recorder store = new();
        await using SecurityEventApi api = await StartAsync(store);
        await Gen.Select(Gen.OneOf(Messages), Gen.Select(Gen.Int[0, 600], Gen.OneOf(Gen.Byte, Gen.OneOf("{}[]\":,\\0e"u8.ToArray()))).Array[1, 3]).SampleAsync(
            async (message, changes) =>
            {
                byte[] json = Encoding.UTF8.GetBytes(message);
                foreach ((int at, byte value) in changes)
                {
                    json[at % json.Length] = value;
                }

                store.Taken.Clear();
                using HttpResponseMessage response = await api.SendAsync(api.Message().Sign(json));
                response.StatusCode.Should().BeOneOf(HttpStatusCode.Accepted, HttpStatusCode.BadRequest);
                if (store.Taken.Count > 0)
                {
                    response.StatusCode.Should().Be(HttpStatusCode.Accepted);
                    ShouldAskFor(Encoding.UTF8.GetString(json), store.Taken);
                }
            },
            iter: Math.Max(3000, Check.Iter),
            threads: 1);
    }

    private static async Task ShouldAllBeRefusedAsync(Func<SecurityEventApi, Gen<byte[]>> bodies)
    {
        Recorder store = new();
        await using SecurityEventApi api = await StartAsync(store);
        await bodies(api).SampleAsync(
            async body =>
            {
                using HttpResponseMessage response = await api.SendAsync(body);
                response.StatusCode.Should().Be(HttpStatusCode.BadRequest);
            },
            iter: Math.Max(1000, Check.Iter),
            threads: 1);
        store.Taken.Should().BeEmpty();
    }

    private static Task<SecurityEventApi> StartAsync(Recorder store) => SecurityEventApi.StartAsync(
        options => options.FindByEmail = static (_, email, _) => new(RevocationTarget.Subject(TestTokens.Issuer, email)),
        services: services => services.AddSingleton<IRevokedTokenStore>(store));

    // As text, so that a name can be there twice and a number be none.
    private static string Change(string json, (int At, int How, string Value, string Name) change)
    {
        List<(int Start, int End)> values = [];
        List<(int Start, int End)> names = [];
        byte[] bytes = Encoding.UTF8.GetBytes(json);
        Utf8JsonReader reader = new(bytes, new JsonReaderOptions { MaxDepth = 64 });
        try
        {
            while (reader.Read())
            {
                if (reader.TokenType == JsonTokenType.PropertyName)
                {
                    names.Add(((int)reader.TokenStartIndex, (int)reader.BytesConsumed));
                    Utf8JsonReader value = reader;
                    value.Read();
                    int start = (int)value.TokenStartIndex;
                    value.Skip();
                    values.Add((start, (int)value.BytesConsumed));
                }
            }
        }
        catch (JsonException)
        {
            return json;
        }

        if (values.Count == 0)
        {
            return json;
        }

        int which = change.At % values.Count;
        (int Start, int End) name = names[which];
        (int Start, int End) old = values[which];
        string text(int start, int end) => Encoding.UTF8.GetString(bytes, start, end - start);
        return change.How switch
        {
            // Another value, another name, a second value by the same name, a further member, and one that is gone.
            0 => text(0, old.Start) + change.Value + text(old.End, bytes.Length),
            1 => $"{text(0, name.Start)}\"{change.Name}\":{text(old.Start, bytes.Length)}",
            2 => $"{text(0, name.Start)}{text(name.Start, name.End).TrimEnd(':')}:{change.Value},{text(name.Start, bytes.Length)}",
            3 => $"{text(0, name.Start)}\"{change.Name}\":{change.Value},{text(name.Start, bytes.Length)}",
            _ => $"{text(0, name.Start)}\"removed\":{text(old.Start, bytes.Length)}",
        };
    }

    /// <summary>What a message must be to ask for these revocations, in as few words as will do.</summary>
    private static void ShouldAskFor(string json, IEnumerable<Revocation> revocations)
    {
        // Throws if a name is there twice.
        using JsonDocument document = JsonDocument.Parse(json, new JsonDocumentOptions { AllowDuplicateProperties = false });
        JsonElement claims = document.RootElement;
        claims.TryGetProperty("exp", out _).Should().BeFalse();
        claims.TryGetProperty("sub", out _).Should().BeFalse();
        claims.GetProperty("iss").GetString().Should().Be(TestTokens.Issuer);
        claims.GetProperty("aud").GetString().Should().Be(Audience);
        claims.GetProperty("jti").GetString().Should().NotBeEmpty();
        DateTimeOffset issuedAt = DateTimeOffset.UnixEpoch.AddSeconds(claims.GetProperty("iat").GetDouble());

        string[] asking = [SessionRevoked, AccountDisabled, SessionsRevoked];
        JsonProperty[] events = [.. claims.GetProperty("events").EnumerateObject()];
        events.Should().OnlyContain(each => each.Value.ValueKind == JsonValueKind.Object);
        events.Should().Contain(each => asking.Contains(each.Name)
            || (each.Name == CredentialChange && each.Value.GetProperty("change_type").GetString() != "create"));

        JsonElement subject = claims.GetProperty("sub_id");
        JsonElement[] identifiers = subject.GetProperty("format").GetString() switch
        {
            "complex" when subject.TryGetProperty("session", out JsonElement session) => [session],
            "complex" => [subject.GetProperty("user")],
            _ => [subject],
        };
        bool isComplex = subject.GetProperty("format").GetString() == "complex";
        if (isComplex && !subject.TryGetProperty("session", out _))
        {
            subject.EnumerateObject().Should().HaveCount(2);
        }

        if (identifiers[0].GetProperty("format").GetString() == "aliases")
        {
            identifiers = [.. identifiers[0].GetProperty("identifiers").EnumerateArray()];
        }

        foreach (Revocation revocation in revocations)
        {
            identifiers.Should().Contain(identifier => IsOf(identifier, revocation.Target));
            if (isComplex && subject.TryGetProperty("session", out _))
            {
                revocation.Target.Kind.Should().NotBe(RevocationTargetKind.Subject);
            }

            if (revocation.Target.Kind == RevocationTargetKind.Subject)
            {
                revocation.Cutoff.Should().NotBeNull();
                revocation.Cutoff!.Value.Should().BeOnOrBefore(issuedAt);
            }
        }
    }

    private static bool IsOf(JsonElement identifier, RevocationTarget target) =>
        target.Issuer == TestTokens.Issuer && identifier.GetProperty("format").GetString() switch
        {
            "opaque" => target.Kind is RevocationTargetKind.Subject or RevocationTargetKind.Session && identifier.GetProperty("id").GetString() == target.Value,
            "email" => target.Kind == RevocationTargetKind.Subject && identifier.GetProperty("email").GetString() == target.Value,
            "iss_sub" => identifier.GetProperty("iss").GetString() == target.Issuer && identifier.GetProperty("sub").GetString() == target.Value,
            "jwt_id" => target.Kind == RevocationTargetKind.TokenId && identifier.GetProperty("jti").GetString() == target.Value,
            _ => false,
        };

    /// <summary>A store that keeps nothing but what it was asked for.</summary>
    private sealed class Recorder : IRevokedTokenStore
    {
        public List<Revocation> Taken { get; } = [];

        public RevocationStatus GetStatus(in RevocableToken token) => RevocationStatus.NotRevoked;

        public ValueTask<RevocationReceipt> RevokeAsync(Revocation revocation, CancellationToken cancellationToken)
        {
            Taken.Add(revocation);
            return new(new RevocationReceipt { Expires = revocation.Expires });
        }

        public async IAsyncEnumerable<Revocation> GetRevocationsAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
        {
            await Task.CompletedTask;
            foreach (Revocation revocation in Taken)
            {
                yield return revocation;
            }
        }
    }
}
