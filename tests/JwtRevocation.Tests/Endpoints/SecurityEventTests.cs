using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;
using static JwtRevocation.Tests.Endpoints.SecurityEventMessage;

namespace JwtRevocation.Tests.Endpoints;

/// <summary>How security event tokens are received: RFC 8935, and what RFC 8417 and Shared Signals 1.0 demand of them.</summary>
public sealed class SecurityEventTests
{
    public static TheoryData<string, string> WrongClaims { get; } = new()
    {
        { "iss", "null" },
        { "jti", "null" },
        { "jti", "\"\"" },
        { "jti", "1" },
        { "iat", "null" },
        { "iat", "\"1500000000\"" },
        { "iat", "-1" },
        { "iat", "99999999999" },
        { "iat", "1e300" },
        { "sub_id", "null" },
        { "events", "null" },
        { "events", "{}" },
        { "events", "[]" },
        { "events", $"\"{AccountDisabled}\"" },
        { "events", $$"""{"{{AccountDisabled}}":true}""" },
        { "events", $$"""{"{{AccountDisabled}}":[]}""" },
        { "events", $$$$"""{"{{{{AccountDisabled}}}}":{"event_timestamp":"now"}}""" },
        { "events", $$$$"""{"{{{{AccountDisabled}}}}":{"event_timestamp":-1}}""" },
        { "events", $$$$"""{"{{{{CredentialChange}}}}":{}}""" },
        { "events", $$$$"""{"{{{{CredentialChange}}}}":{"change_type":"renamed"}}""" },
        { "events", $$$$"""{"{{{{CredentialChange}}}}":{"change_type":["delete"]}}""" },
        { "events", $$"""{"{{AccountDisabled}}":{},"https://example.com/other":1}""" },
        { "toe", "\"1500000000\"" },
        { "sub", "\"alice\"" },
        { "sub", "null" },
        { "exp", "99999999999" },
        { "exp", "1500000000" },
        { "exp", "\"never\"" },
        { "exp", "null" },
        { "nbf", "99999999999" },
    };

    [Theory]
    [InlineData("ES256")]
    [InlineData("RS256")]
    [InlineData("PS256")]
    public async Task An_event_that_was_stored_is_answered_with_202_and_no_body(string algorithm)
    {
        await using SecurityEventApi api = await SecurityEventApi.StartAsync();
        using HttpResponseMessage response = await api.SendAsync(api.Message().With(message => message.Credentials = TestKeys.For(algorithm)));
        response.StatusCode.Should().Be(HttpStatusCode.Accepted);
        (await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken)).Should().BeEmpty();
        response.Headers.CacheControl!.NoStore.Should().BeTrue();
        await api.ShouldBeRevokedAsync(api.Token());
    }

    [Theory]
    [MemberData(nameof(WrongClaims))]
    public async Task A_token_without_a_claim_as_it_must_be_is_refused(string claim, string value)
    {
        await using SecurityEventApi api = await SecurityEventApi.StartAsync();
        SecurityEventMessage message = api.Message().With(message => message.Claims[claim] = JsonNode.Parse(value));
        await api.RefusedAsync(message.ToString(), claim == "iss" ? "invalid_issuer" : "invalid_request");
    }

    [Theory]
    [InlineData("iss", "invalid_issuer")]
    [InlineData("jti", "invalid_request")]
    [InlineData("iat", "invalid_request")]
    [InlineData("aud", "invalid_audience")]
    [InlineData("sub_id", "invalid_request")]
    [InlineData("events", "invalid_request")]
    public async Task A_token_that_lacks_a_claim_is_refused(string claim, string error)
    {
        await using SecurityEventApi api = await SecurityEventApi.StartAsync();
        await api.RefusedAsync(api.Message().With(message => message.Claims.Remove(claim)).ToString(), error);
    }

    [Theory]
    [InlineData("secevent+jwt", true)]
    [InlineData("SecEvent+JWT", true)]
    [InlineData("application/secevent+jwt", true)]
    [InlineData("JWT", false)]
    [InlineData("at+jwt", false)]
    [InlineData("logout+jwt", false)]
    [InlineData("text/secevent+jwt", false)]
    [InlineData("", false)]
    [InlineData(null, false)]
    public async Task A_token_must_say_that_it_is_a_security_event(string? type, bool accepted)
    {
        await using SecurityEventApi api = await SecurityEventApi.StartAsync();
        SecurityEventMessage message = api.Message().With(message => message.Header["typ"] = type);
        if (type is null)
        {
            message.Header.Remove("typ");
        }

        if (accepted)
        {
            await api.AcknowledgedAsync(message);
            await api.ShouldBeRevokedAsync(api.Token());
        }
        else
        {
            await api.RefusedAsync(message.ToString(), "invalid_request");
        }
    }

    [Fact]
    public async Task Another_issuer_is_refused()
    {
        await using SecurityEventApi api = await SecurityEventApi.StartAsync();
        await api.RefusedAsync(api.Message().With(message => message.Claims["iss"] = "https://other.test").ToString(), "invalid_issuer");
    }

    [Theory]
    [InlineData("\"https://other.test\"")]
    [InlineData("[]")]
    [InlineData("null")]
    public async Task An_event_for_somebody_else_is_refused(string audience)
    {
        await using SecurityEventApi api = await SecurityEventApi.StartAsync();
        await api.RefusedAsync(api.Message().With(message => message.Claims["aud"] = JsonNode.Parse(audience)).ToString(), "invalid_audience");
    }

    [Theory]
    [InlineData("\"api\"", true, "")]
    [InlineData("[\"https://other.test\",\"api\"]", true, "")]
    [InlineData("\"receiver\"", true, "receiver")]
    [InlineData("\"api\"", false, "receiver")]
    public async Task The_audience_is_that_of_the_scheme_unless_the_app_names_another(string audience, bool accepted, string named)
    {
        await using SecurityEventApi api = await SecurityEventApi.StartAsync(options =>
        {
            if (named.Length > 0)
            {
                options.Audiences.Add(named);
            }
        });
        SecurityEventMessage message = api.Message().With(message => message.Claims["aud"] = JsonNode.Parse(audience));
        if (accepted)
        {
            await api.AcknowledgedAsync(message);
        }
        else
        {
            await api.RefusedAsync(message.ToString(), "invalid_audience");
        }
    }

    [Fact]
    public async Task A_signature_by_another_key_or_by_none_is_refused()
    {
        await using SecurityEventApi api = await SecurityEventApi.StartAsync();
        using System.Security.Cryptography.ECDsa stranger = System.Security.Cryptography.ECDsa.Create(System.Security.Cryptography.ECCurve.NamedCurves.nistP256);
        string good = api.Message().ToString();
        string[] parts = good.Split('.');

        // Without a signature it is up to the handler what it finds wrong first.
        string[] unreadable = ["invalid_key", "invalid_request"];
        await api.RefusedAsync(api.Message().With(message => message.Credentials = new(new ECDsaSecurityKey(stranger) { KeyId = "p256" }, "ES256")).ToString(), "invalid_key");
        await api.RefusedAsync(api.Message().With(message => message.Credentials = new(new ECDsaSecurityKey(stranger) { KeyId = "unknown" }, "ES256")).ToString(), "invalid_key");
        await api.RefusedAsync($"{parts[0]}.{parts[1]}.{(parts[2][0] == 'A' ? 'B' : 'A')}{parts[2][1..]}", "invalid_key");
        await api.RefusedAsync($"{parts[0]}.{parts[1]}.", unreadable);

        string unsigned = System.Buffers.Text.Base64Url.EncodeToString("""{"typ":"secevent+jwt","alg":"none"}"""u8);
        await api.RefusedAsync($"{unsigned}.{parts[1]}.", unreadable);
        await api.RefusedAsync($"{unsigned}.{parts[1]}.{parts[2]}", unreadable);
    }

    [Theory]
    [InlineData("")]
    [InlineData("not a token")]
    [InlineData("..")]
    [InlineData("{}")]
    [InlineData("SET=eyJ0eXAi.eyJ9.a")]
    public async Task A_body_that_is_no_token_is_refused(string body)
    {
        await using SecurityEventApi api = await SecurityEventApi.StartAsync();
        await api.RefusedAsync(body, "invalid_request");
    }

    [Theory]
    [InlineData("""{"iss":"https://issuer.test","iss":"https://issuer.test",""")]
    [InlineData("""{"sub_id":{"format":"opaque","id":"bob"},""")]
    [InlineData("""{"events":{},""")]
    public async Task A_claim_that_is_there_twice_is_refused(string first)
    {
        await using SecurityEventApi api = await SecurityEventApi.StartAsync();
        SecurityEventMessage message = api.Message();
        await api.RefusedAsync(message.Sign(Encoding.UTF8.GetBytes(first + message.Claims.ToJsonString()[1..])), "invalid_request");
    }

    [Theory]
    [InlineData("alice", "\\ud800")]
    [InlineData("format", "\\udfff")]
    [InlineData("txn", "sub\\u005fid")]
    [InlineData(AccountDisabled, $$"""{{AccountDisabled}}":{},"{{AccountDisabled}}""")]
    public async Task Text_that_is_not_Unicode_or_hides_a_second_claim_is_refused(string text, string other)
    {
        await using SecurityEventApi api = await SecurityEventApi.StartAsync();
        SecurityEventMessage message = api.Message();
        string json = message.Claims.ToJsonString().Replace($"\"{text}\"", $"\"{other}\"", StringComparison.Ordinal);
        await api.RefusedAsync(message.Sign(Encoding.UTF8.GetBytes(json)), "invalid_request");
    }

    [Theory]
    [InlineData("application/secevent+jwt", HttpStatusCode.Accepted)]
    [InlineData("Application/SecEvent+JWT; charset=utf-8", HttpStatusCode.Accepted)]
    [InlineData("application/jwt", HttpStatusCode.UnsupportedMediaType)]
    [InlineData("application/json", HttpStatusCode.UnsupportedMediaType)]
    [InlineData("application/x-www-form-urlencoded", HttpStatusCode.UnsupportedMediaType)]
    [InlineData(null, HttpStatusCode.UnsupportedMediaType)]
    public async Task The_body_must_be_of_the_type_of_a_security_event(string? contentType, HttpStatusCode status)
    {
        await using SecurityEventApi api = await SecurityEventApi.StartAsync();
        using HttpResponseMessage response = await api.SendAsync(Encoding.ASCII.GetBytes(api.Message().ToString()), contentType);
        response.StatusCode.Should().Be(status);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_body_that_is_too_large_is_not_read(bool chunked)
    {
        await using SecurityEventApi api = await SecurityEventApi.StartAsync();
        byte[] body = new byte[(32 * 1024) + 1];
        body.AsSpan().Fill((byte)'e');
        using HttpResponseMessage response = await api.SendAsync(body, content: chunked ? new StreamContent(new EndlessStream(body)) : null);
        response.StatusCode.Should().Be(HttpStatusCode.RequestEntityTooLarge);
    }

    [Theory]
    [InlineData(400)]
    [InlineData(408)]
    public async Task A_body_that_the_server_cannot_read_is_refused(int status)
    {
        await using SecurityEventApi api = await SecurityEventApi.StartAsync(pipeline: app => app.Use((context, next) =>
        {
            context.Request.Body = new UnreadableStream(status);
            return next(context);
        }));
        using HttpResponseMessage response = await api.SendAsync(api.Message());
        response.StatusCode.Should().Be(HttpStatusCode.BadRequest);
        response.Content.Headers.ContentType!.MediaType.Should().Be("application/json");
    }

    [Fact]
    public async Task A_large_token_in_pieces_is_read_whole()
    {
        await using SecurityEventApi api = await SecurityEventApi.StartAsync();
        byte[] body = Encoding.ASCII.GetBytes(api.Message().With(message => message.Claims["txn"] = new string('x', 20_000)).ToString());
        using HttpResponseMessage response = await api.SendAsync(body, content: new StreamContent(new MemoryStream(body), bufferSize: 100));
        response.StatusCode.Should().Be(HttpStatusCode.Accepted);
        await api.ShouldBeRevokedAsync(api.Token());
    }

    [Fact]
    public async Task An_event_that_the_store_did_not_take_is_sent_again()
    {
        await using SecurityEventApi api = await SecurityEventApi.StartAsync(revocation: builder => builder.AddStore<FaultyStore>());
        FaultyStore store = (FaultyStore)api.Api.Services.GetRequiredService<IRevokedTokenStore>();
        SecurityEventMessage message = api.Message();
        store.RevokeFails = true;
        using HttpResponseMessage response = await api.SendAsync(message);
        response.ShouldBeUnavailable();
        response.Headers.CacheControl!.NoStore.Should().BeTrue();
        await api.ShouldBeAcceptedAsync(api.Token());

        store.RevokeFails = false;
        await api.AcknowledgedAsync(message);
        await api.ShouldBeRevokedAsync(api.Token());
    }

    [Fact]
    public async Task An_event_is_sent_again_when_a_revoker_of_the_app_fails()
    {
        await using SecurityEventApi api = await SecurityEventApi.StartAsync(services: services => services.AddSingleton<ITokenRevoker, BrokenRevoker>());

        using HttpResponseMessage response = await api.SendAsync(api.Message());

        response.ShouldBeUnavailable();
    }

    [Theory]
    [InlineData(Alice, 0)]
    [InlineData(Alice, 3)]
    [InlineData(SessionOfAlice, 0)]
    public async Task A_revoker_of_the_app_may_stand_before_that_of_the_library(string subject, int secondsAhead)
    {
        await using SecurityEventApi api = await SecurityEventApi.StartAsync(services: services =>
            services.AddSingleton<ITokenRevoker>(provider => new AuditingRevoker(ActivatorUtilities.CreateInstance<TokenRevoker>(provider))));

        await api.AcknowledgedAsync(new(api.Now.AddSeconds(secondsAhead), SessionRevoked, subject));

        await api.ShouldBeRevokedAsync(api.Token(session: "s1"));
    }

    [Fact]
    public async Task An_event_is_sent_again_while_the_keys_are_out_of_reach()
    {
        UnreachableKeys keys = new();
        await using SecurityEventApi api = await SecurityEventApi.StartAsync(bearer: scheme =>
        {
            scheme.TokenValidationParameters.IssuerSigningKeys = null;
            scheme.ConfigurationManager = keys;
        });
        SecurityEventMessage message = api.Message();
        using HttpResponseMessage response = await api.SendAsync(message);
        response.ShouldBeUnavailable();
        keys.AreReachable = true;
        await api.AcknowledgedAsync(message);
        await api.ShouldBeRevokedAsync(api.Token());
    }

    [Fact]
    public async Task A_new_key_of_the_issuer_is_fetched()
    {
        await using SecurityEventApi api = await SecurityEventApi.StartAsync(bearer: scheme =>
        {
            scheme.TokenValidationParameters.IssuerSigningKeys = null;
            scheme.ConfigurationManager = new RolledOverKeys();
        });
        await api.AcknowledgedAsync(api.Message());
        await api.ShouldBeRevokedAsync(api.Token());
    }

    [Fact]
    public async Task Problem_details_say_what_is_wrong_with_a_request_if_the_app_has_them()
    {
        await using SecurityEventApi api = await SecurityEventApi.StartAsync(
            services: services => services.AddProblemDetails(), revocation: builder => builder.AddStore<FaultyStore>());
        ((FaultyStore)api.Api.Services.GetRequiredService<IRevokedTokenStore>()).RevokeFails = true;
        using HttpResponseMessage response = await api.SendAsync(api.Message());
        response.ShouldBeUnavailable();
        response.Content.Headers.ContentType!.MediaType.Should().Be("application/problem+json");
    }

    [Fact]
    public async Task A_verification_is_acknowledged_and_revokes_nothing()
    {
        await using SecurityEventApi api = await SecurityEventApi.StartAsync();
        await api.AcknowledgedAsync(api.Message(Verification, """{"format":"opaque","id":"stream"}""", """{"state":"abc"}"""));
        await api.AcknowledgedAsync(api.Message(Verification, """{"format":"opaque","id":"stream"}"""));
        await api.RefusedAsync(api.Message(Verification).ToString(), "invalid_request");
        await api.RefusedAsync(api.Message(Verification, """{"format":"opaque","id":"stream"}""", """{"state":1}""").ToString(), "invalid_request");
    }

    [Fact]
    public async Task A_verification_that_the_app_did_not_ask_for_is_refused()
    {
        List<(string Stream, string? State)> asked = [];
        await using SecurityEventApi api = await SecurityEventApi.StartAsync(options => options.ConfirmVerification = (_, stream, state, _) =>
        {
            asked.Add((stream, state));
            return new(state is null or "abc");
        });
        await api.AcknowledgedAsync(api.Message(Verification, """{"format":"opaque","id":"stream"}""", """{"state":"abc"}"""));
        await api.AcknowledgedAsync(api.Message(Verification, """{"format":"opaque","id":"stream"}"""));
        await api.RefusedAsync(api.Message(Verification, """{"format":"opaque","id":"other"}""", """{"state":"abd"}""").ToString(), "invalid_state");
        asked.Should().Equal(("stream", "abc"), ("stream", null), ("other", "abd"));
    }

    [Theory]
    [InlineData(StreamUpdated, """{"status":"paused"}""")]
    [InlineData("https://schemas.openid.net/secevent/caep/event-type/device-compliance-change", """{"current_status":"not-compliant"}""")]
    [InlineData("https://schemas.openid.net/secevent/risc/event-type/account-enabled", "{}")]
    [InlineData("https://schemas.openid.net/secevent/risc/event-type/Account-Disabled", "{}")]
    [InlineData("", "{}")]
    public async Task Other_events_are_acknowledged_and_revoke_nothing(string type, string payload)
    {
        await using SecurityEventApi api = await SecurityEventApi.StartAsync();
        await api.AcknowledgedAsync(api.Message(type, payload: payload));
        (await api.RevocationsAsync()).Should().BeEmpty();
    }

    [Fact]
    public async Task A_fallback_policy_does_not_shut_the_transmitter_out()
    {
        await using SecurityEventApi api = await SecurityEventApi.StartAsync(
            services: services => services.AddAuthorizationBuilder().SetFallbackPolicy(new Microsoft.AspNetCore.Authorization.AuthorizationPolicyBuilder().RequireAuthenticatedUser().Build()));
        await api.AcknowledgedAsync(api.Message());
    }

    [Fact]
    public async Task An_authorization_that_the_app_demands_of_the_transmitter_is_in_force()
    {
        await using SecurityEventApi api = await SecurityEventApi.StartAsync(endpoint: builder => builder.RequireAuthorization());
        using HttpResponseMessage response = await api.SendAsync(api.Message());
        response.StatusCode.Should().Be(HttpStatusCode.Unauthorized);
        (await api.RevocationsAsync()).Should().BeEmpty();

        api.Api.Client.DefaultRequestHeaders.Authorization = new("Bearer", api.Token("transmitter"));
        await api.AcknowledgedAsync(api.Message());
    }

    [Fact]
    public async Task A_rate_limit_applies()
    {
        await using SecurityEventApi api = await SecurityEventApi.StartAsync(
            services: services => services.AddRateLimiter(limiter => limiter.AddFixedWindowLimiter("one", window =>
            {
                window.PermitLimit = 1;
                window.Window = TimeSpan.FromDays(1);
            })),
            pipeline: app => app.UseRateLimiter(),
            endpoint: builder => builder.RequireRateLimiting("one"));
        await api.AcknowledgedAsync(api.Message());
        using HttpResponseMessage response = await api.SendAsync(api.Message());
        response.StatusCode.Should().Be(HttpStatusCode.ServiceUnavailable);
    }

    [Fact]
    public async Task The_endpoint_describes_itself()
    {
        await using SecurityEventApi api = await SecurityEventApi.StartAsync();
        EndpointMetadataCollection metadata = api.Api.Services.GetRequiredService<EndpointDataSource>().Endpoints
            .OfType<RouteEndpoint>().Single(endpoint => endpoint.RoutePattern.RawText == SecurityEventApi.Path).Metadata;
        metadata.GetMetadata<IAcceptsMetadata>()!.ContentTypes.Should().Equal("application/secevent+jwt");
        metadata.GetOrderedMetadata<IProducesResponseTypeMetadata>().Select(produced => produced.StatusCode).Should().Equal(202, 400, 413, 415, 503);
        metadata.GetMetadata<IEndpointSummaryMetadata>().Should().NotBeNull();
        metadata.GetMetadata<IRequestSizeLimitMetadata>()!.MaxRequestBodySize.Should().Be(32 * 1024);
    }

    [Fact]
    public async Task An_app_that_says_for_whom_the_events_are_nowhere_does_not_start()
    {
        Func<Task> start = () => SecurityEventApi.StartAsync(bearer: scheme =>
        {
            scheme.TokenValidationParameters.ValidAudience = null;
            scheme.TokenValidationParameters.ValidAudiences = null;
        });
        (await start.Should().ThrowAsync<InvalidOperationException>()).WithMessage("*'Bearer'*Audiences*");
    }

    [Fact]
    public async Task An_app_that_says_whose_events_are_received_nowhere_does_not_start()
    {
        Func<Task> start = () => SecurityEventApi.StartAsync(bearer: scheme =>
        {
            scheme.TokenValidationParameters.ValidateIssuer = false;
            scheme.TokenValidationParameters.ValidIssuer = null;
        });
        (await start.Should().ThrowAsync<InvalidOperationException>()).WithMessage("*'Bearer'*ValidIssuer*");
    }

    [Fact]
    public async Task An_audience_that_says_nothing_is_none()
    {
        Func<Task> start = () => SecurityEventApi.StartAsync(bearer: scheme =>
        {
            scheme.TokenValidationParameters.ValidAudience = " ";
            scheme.TokenValidationParameters.ValidAudiences = [""];
        });
        (await start.Should().ThrowAsync<InvalidOperationException>()).WithMessage("*'Bearer'*Audiences*");
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    [InlineData("deflate")]
    public async Task A_body_that_cannot_be_decompressed_is_refused(string encoding)
    {
        await using SecurityEventApi api = await SecurityEventApi.StartAsync(
            services: services => services.AddRequestDecompression(),
            pipeline: app => app.UseRequestDecompression());
        using ByteArrayContent content = new([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18]);
        content.Headers.ContentEncoding.Add(encoding);

        using HttpResponseMessage response = await api.SendAsync([], content: content);

        response.StatusCode.Should().Be(HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task While_the_app_cannot_look_a_decryption_key_up_nobody_can_tell()
    {
        bool isDown = true;
        await using SecurityEventApi api = await SecurityEventApi.StartAsync(bearer: scheme =>
        {
            SecurityKey key = scheme.TokenValidationParameters.TokenDecryptionKey;
            scheme.TokenValidationParameters.TokenDecryptionKey = null;
            scheme.TokenValidationParameters.TokenDecryptionKeyResolver = (_, _, _, _) => isDown ? throw new HttpRequestException("down") : [key];
        });
        string message = TestTokens.EncryptAgain(api.Message().ToString());
        using HttpResponseMessage response = await api.SendAsync(message);
        response.ShouldBeUnavailable();

        isDown = false;
        using HttpResponseMessage again = await api.SendAsync(message);
        again.StatusCode.Should().Be(HttpStatusCode.Accepted);
    }

    [Fact]
    public async Task An_app_whose_scheme_is_no_JwtBearer_scheme_does_not_start()
    {
        Func<Task> start = () => TestApi.StartAsync(endpoints: app => app.MapSecurityEvents("/events", "transmitter", options => options.Audiences.Add("api")));
        (await start.Should().ThrowAsync<InvalidOperationException>()).WithMessage("*'transmitter'*JwtBearer*");
    }

    [Fact]
    public async Task An_app_without_the_library_is_told_so()
    {
        Func<Task> start = () => TestApi.StartCoreAsync(services => services.AddAuthentication().AddJwtBearer(), app => app.MapSecurityEvents("/events"));
        (await start.Should().ThrowAsync<InvalidOperationException>()).WithMessage("*AddJwtRevocation*");
    }

    [Fact]
    public async Task A_scheme_of_the_transmitter_alone_will_do()
    {
        await using TestApi api = await TestApi.StartAsync(
            services: services => services.AddAuthentication("Bearer").AddJwtBearer("transmitter", scheme =>
            {
                TestApi.UseTestTokens(scheme);
                scheme.TokenValidationParameters.ValidIssuer = "https://transmitter.test";
            }),
            endpoints: app => app.MapSecurityEvents(SecurityEventApi.Path, "transmitter", options =>
            {
                options.Audiences.Add(Audience);
                options.SubjectIssuers.Add(TestTokens.Issuer);
            }));
        string token = TestTokens.Create();
        SecurityEventMessage message = new(TimeProvider.System.GetUtcNow());
        message.Claims["iss"] = "https://transmitter.test";
        using StringContent content = new(message.ToString(), Encoding.ASCII, "application/secevent+jwt");
        using HttpResponseMessage response = await api.Client.PostAsync(SecurityEventApi.Path, content, TestContext.Current.CancellationToken);
        response.StatusCode.Should().Be(HttpStatusCode.Accepted);
        (await api.StatusAsync(token)).Should().Be(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Nothing_that_was_sent_is_logged_and_what_is_passed_over_is_told_once()
    {
        LogLines log = new();
        await using SecurityEventApi api = await SecurityEventApi.StartAsync(services: services => services.AddSingleton<ILoggerProvider>(log).Configure<LoggerFilterOptions>(filter => filter.MinLevel = LogLevel.Debug));
        string[] secrets = ["alice", "s1", "+12065550100", "stream-17", "24c63fb56e5a2d77a6b512616ca9fa24", "8675309", "eyJ"];
        string phone = """{"format":"phone_number","phone_number":"+12065550100"}""";
        await api.AcknowledgedAsync(api.Message());
        await api.AcknowledgedAsync(api.Message(SessionRevoked, SessionOfAlice));
        await api.AcknowledgedAsync(api.Message(AccountDisabled, phone));
        await api.AcknowledgedAsync(api.Message(AccountDisabled, phone));
        await api.AcknowledgedAsync(api.Message("https://example.com/alice"));
        await api.AcknowledgedAsync(api.Message("https://example.com/alice"));
        await api.AcknowledgedAsync(api.Message(Verification, """{"format":"opaque","id":"stream-17"}"""));
        using HttpResponseMessage refused = await api.SendAsync(api.Message().With(message => message.Claims["aud"] = "alice"));

        log.Lines.Where(line => line.Category.StartsWith("JwtRevocation", StringComparison.Ordinal)).Should().NotBeEmpty()
            .And.OnlyContain(line => !secrets.Any(secret => line.Text.Contains(secret, StringComparison.Ordinal)));
        log.Lines.Where(line => line.Id is 43 or 44).Select(line => (line.Id, line.Level)).Should().Equal(
            (44, LogLevel.Warning), (44, LogLevel.Debug), (43, LogLevel.Warning), (43, LogLevel.Debug));
        log.Lines.Should().ContainSingle(line => line.Id == 40);
    }

    [Fact]
    public async Task Tokens_are_counted_by_what_became_of_them()
    {
        await using SecurityEventApi api = await SecurityEventApi.StartAsync();
        ConcurrentDictionary<string, long> counted = new();
        using MeterListener listener = new();
        IMeterFactory factory = api.Api.Services.GetRequiredService<IMeterFactory>();
        listener.InstrumentPublished = (instrument, me) =>
        {
            if (instrument.Meter.Scope == factory && instrument.Name == "jwt_revocation.security_events")
            {
                me.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((_, value, tags, _) => counted.AddOrUpdate((string)tags[0].Value!, value, (_, sum) => sum + value));
        listener.Start();
        await api.AcknowledgedAsync(api.Message());
        await api.AcknowledgedAsync(api.Message(StreamUpdated));
        await api.AcknowledgedAsync(api.Message("https://example.com/unknown"));
        using HttpResponseMessage refused = await api.SendAsync("nonsense");

        counted.Should().BeEquivalentTo(new Dictionary<string, long> { ["revoked"] = 1, ["nothing_to_revoke"] = 1, ["not_understood"] = 1, ["invalid_request"] = 1 });
    }

    /// <summary>Keys that an issuer does not give out for the time being.</summary>
    private sealed class UnreachableKeys : IConfigurationManager<OpenIdConnectConfiguration>
    {
        public bool AreReachable { get; set; }

        public Task<OpenIdConnectConfiguration> GetConfigurationAsync(CancellationToken cancel)
        {
            if (!AreReachable)
            {
                throw new IOException("the issuer is away");
            }

            OpenIdConnectConfiguration configuration = new() { Issuer = TestTokens.Issuer };
            foreach (SecurityKey key in TestKeys.All)
            {
                configuration.SigningKeys.Add(key);
            }

            return Task.FromResult(configuration);
        }

        public void RequestRefresh()
        {
        }
    }

    /// <summary>Keys that are the issuer's old ones until somebody asks anew.</summary>
    private sealed class RolledOverKeys : BaseConfigurationManager, IConfigurationManager<OpenIdConnectConfiguration>
    {
        private OpenIdConnectConfiguration _configuration = With(TestKeys.For("RS256").Key);

        public Task<OpenIdConnectConfiguration> GetConfigurationAsync(CancellationToken cancel) => Task.FromResult(_configuration);

        public override Task<BaseConfiguration> GetBaseConfigurationAsync(CancellationToken cancel) => Task.FromResult<BaseConfiguration>(_configuration);

        public override void RequestRefresh() => _configuration = With(TestKeys.All);

        private static OpenIdConnectConfiguration With(params SecurityKey[] keys)
        {
            OpenIdConnectConfiguration configuration = new() { Issuer = TestTokens.Issuer };
            foreach (SecurityKey key in keys)
            {
                configuration.SigningKeys.Add(key);
            }

            return configuration;
        }
    }

    /// <summary>Chunks that are none, or come too slowly, as Kestrel reports them.</summary>
    private sealed class UnreadableStream(int status) : MemoryStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            throw new BadHttpRequestException("Cannot be read.", status);
    }

    /// <summary>A body whose length nobody is told.</summary>
    private sealed class EndlessStream(byte[] body) : MemoryStream(body)
    {
        public override bool CanSeek => false;
    }

    private sealed class LogLines : ILoggerProvider
    {
        public ConcurrentQueue<(string Category, LogLevel Level, int Id, string Text)> Lines { get; } = new();

        public ILogger CreateLogger(string categoryName) => new Logger(categoryName, Lines);

        public void Dispose()
        {
        }

        private sealed class Logger(string category, ConcurrentQueue<(string, LogLevel, int, string)> lines) : ILogger
        {
            public IDisposable? BeginScope<TState>(TState state)
                where TState : notnull => null;

            public bool IsEnabled(LogLevel logLevel) => true;

            public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
                lines.Enqueue((category, logLevel, eventId.Id, $"{formatter(state, exception)} {exception}"));
        }
    }
}
