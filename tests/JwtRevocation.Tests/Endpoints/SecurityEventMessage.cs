using System.Buffers.Text;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Microsoft.IdentityModel.Tokens;

namespace JwtRevocation.Tests.Endpoints;

/// <summary>A security event token as a transmitter makes it, and each way to make it wrong.</summary>
internal sealed class SecurityEventMessage
{
    public const string Audience = "https://api.test/events";
    public const string SessionRevoked = "https://schemas.openid.net/secevent/caep/event-type/session-revoked";
    public const string CredentialChange = "https://schemas.openid.net/secevent/caep/event-type/credential-change";
    public const string AccountDisabled = "https://schemas.openid.net/secevent/risc/event-type/account-disabled";
    public const string SessionsRevoked = "https://schemas.openid.net/secevent/risc/event-type/sessions-revoked";
    public const string Verification = "https://schemas.openid.net/secevent/ssf/event-type/verification";
    public const string StreamUpdated = "https://schemas.openid.net/secevent/ssf/event-type/stream-updated";

    public const string Alice = $$$$"""{"format":"iss_sub","iss":"{{{{TestTokens.Issuer}}}}","sub":"alice"}""";
    public const string SessionOfAlice = """{"format":"complex","session":{"format":"opaque","id":"s1"},"user":{"format":"opaque","id":"alice"}}""";

    public SecurityEventMessage(DateTimeOffset issuedAt, string type = AccountDisabled, string subject = Alice, string payload = "{}")
    {
        Claims = new()
        {
            ["iss"] = TestTokens.Issuer,
            ["jti"] = "24c63fb56e5a2d77a6b512616ca9fa24",
            ["iat"] = issuedAt.ToUnixTimeSeconds(),
            ["aud"] = Audience,
            ["txn"] = "8675309",
            ["sub_id"] = JsonNode.Parse(subject),
            ["events"] = new JsonObject { [type] = JsonNode.Parse(payload) },
        };
    }

    public JsonObject Header { get; } = new() { ["typ"] = "secevent+jwt" };

    public JsonObject Claims { get; }

    public SigningCredentials Credentials { get; set; } = TestKeys.For("ES256");

    /// <summary>Changes the message in just one way.</summary>
    public SecurityEventMessage With(Action<SecurityEventMessage> change)
    {
        change(this);
        return this;
    }

    public override string ToString() => Sign(Encoding.UTF8.GetBytes(Claims.ToJsonString()));

    /// <summary>Signs whatever it may be.</summary>
    public string Sign(byte[] payload)
    {
        Header["alg"] = Credentials.Algorithm;
        Header["kid"] = Credentials.Key.KeyId;
        string input = $"{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(Header.ToJsonString()))}.{Base64Url.EncodeToString(payload)}";
        SignatureProvider provider = Credentials.Key.CryptoProviderFactory.CreateForSigning(Credentials.Key, Credentials.Algorithm);
        return $"{input}.{Base64Url.EncodeToString(provider.Sign(Encoding.ASCII.GetBytes(input)))}";
    }
}

/// <summary>An API that receives them, at a time that stands still.</summary>
internal sealed class SecurityEventApi : IAsyncDisposable
{
    public const string Path = "/security-events";

    private SecurityEventApi(TestApi api, FakeTimeProvider clock)
    {
        Api = api;
        Clock = clock;
    }

    public TestApi Api { get; }

    public FakeTimeProvider Clock { get; }

    public DateTimeOffset Now => Clock.GetUtcNow();

    public static async Task<SecurityEventApi> StartAsync(
        Action<SecurityEventsOptions>? options = null,
        Action<IServiceCollection>? services = null,
        Action<JwtRevocationBuilder>? revocation = null,
        Action<JwtBearerOptions>? bearer = null,
        Action<RouteHandlerBuilder>? endpoint = null,
        Action<WebApplication>? pipeline = null)
    {
        FakeTimeProvider clock = new(DateTimeOffset.FromUnixTimeSeconds(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds()));
        TestApi api = await TestApi.StartAsync(
            bearer: scheme =>
            {
                scheme.TokenValidationParameters.ValidAudiences = [SecurityEventMessage.Audience];
                bearer?.Invoke(scheme);
            },
            revocation: revocation,
            services: collection =>
            {
                collection.AddSingleton<TimeProvider>(clock);
                services?.Invoke(collection);
            },
            endpoints: app =>
            {
                pipeline?.Invoke(app);
                RouteHandlerBuilder builder = app.MapSecurityEvents(Path, configure: options);
                endpoint?.Invoke(builder);
            });
        return new(api, clock);
    }

    public SecurityEventMessage Message(string type = SecurityEventMessage.AccountDisabled, string subject = SecurityEventMessage.Alice, string payload = "{}") =>
        new(Now, type, subject, payload);

    /// <summary>A token that was issued some time ago.</summary>
    public string Token(string subject = "alice", string? session = null, int secondsAgo = 60, string issuer = TestTokens.Issuer, string? id = null) =>
        TestTokens.Create(subject: subject, expires: Now.AddHours(1), configure: descriptor =>
        {
            descriptor.Issuer = issuer;
            descriptor.IssuedAt = Now.AddSeconds(-secondsAgo).UtcDateTime;
            if (session is not null)
            {
                descriptor.Claims["sid"] = session;
            }

            if (id is not null)
            {
                descriptor.Claims["jti"] = id;
            }
        });

    public Task<HttpResponseMessage> SendAsync(SecurityEventMessage message) => SendAsync(message.ToString());

    public Task<HttpResponseMessage> SendAsync(string body) => SendAsync(Encoding.UTF8.GetBytes(body));

    public async Task<HttpResponseMessage> SendAsync(byte[] body, string? contentType = "application/secevent+jwt", HttpContent? content = null)
    {
        content ??= new ByteArrayContent(body);
        content.Headers.ContentType = contentType is null ? null : MediaTypeHeaderValue.Parse(contentType);
        using HttpRequestMessage request = new(HttpMethod.Post, Path) { Content = content };
        return await Api.Client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    /// <summary>Sends what must be acknowledged.</summary>
    public async Task AcknowledgedAsync(SecurityEventMessage message)
    {
        using HttpResponseMessage response = await SendAsync(message);
        response.StatusCode.Should().Be(HttpStatusCode.Accepted, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    /// <summary>Sends what must be refused.</summary>
    public async Task RefusedAsync(string body, params string[] errors)
    {
        using HttpResponseMessage response = await SendAsync(body);
        response.StatusCode.Should().Be(HttpStatusCode.BadRequest);
        response.Content.Headers.ContentType!.ToString().Should().Be("application/json");
        response.Content.Headers.ContentLanguage.Should().Equal("en");
        response.Headers.CacheControl!.NoStore.Should().BeTrue();
        JsonObject json = JsonNode.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!.AsObject();
        json["err"]!.GetValue<string>().Should().BeOneOf(errors);
        json["description"]!.GetValue<string>().Should().NotBeEmpty();
        json.Should().HaveCount(2);
        (await RevocationsAsync()).Should().BeEmpty();
    }

    public async Task<Revocation[]> RevocationsAsync()
    {
        List<Revocation> revocations = [];
        await foreach (Revocation revocation in Api.Services.GetRequiredService<IRevokedTokenStore>().GetRevocationsAsync(TestContext.Current.CancellationToken))
        {
            revocations.Add(revocation);
        }

        return [.. revocations];
    }

    public async Task ShouldBeRevokedAsync(string token)
    {
        using HttpResponseMessage response = await Api.GetAsync(token);
        response.ShouldBeRevoked();
    }

    public async Task ShouldBeAcceptedAsync(string token) => (await Api.StatusAsync(token)).Should().Be(HttpStatusCode.OK);

    public ValueTask DisposeAsync() => Api.DisposeAsync();
}
