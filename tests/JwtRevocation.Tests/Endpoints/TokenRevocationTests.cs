using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;

namespace JwtRevocation.Tests.Endpoints;

public sealed class TokenRevocationTests
{
    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task A_client_revokes_its_token(bool securityTokenValidators, bool encrypted)
    {
        await using TestApi api = await TokenRevocationApi.StartAsync(bearer => bearer.UseSecurityTokenValidators = securityTokenValidators);
        string token = TokenRevocationApi.TokenOf("app", encrypted: encrypted);
        string another = TokenRevocationApi.TokenOf("app", encrypted: encrypted);
        (await api.StatusAsync(token)).Should().Be(HttpStatusCode.OK);

        using HttpResponseMessage response = await api.RevokeAsync(token);

        await response.ShouldBeDoneAsync();
        using HttpResponseMessage refused = await api.GetAsync(token);
        refused.ShouldBeRevoked();
        (await api.StatusAsync(another)).Should().Be(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData(" {0}")]
    [InlineData("{0} ")]
    [InlineData("{0}\n")]
    [InlineData("{0}\r\n")]
    public async Task As_in_a_header_white_space_around_the_token_is_no_part_of_it(string format)
    {
        await using TestApi api = await TokenRevocationApi.StartAsync();
        string token = TokenRevocationApi.TokenOf("app");

        using HttpResponseMessage response = await api.RevokeAsync(string.Format(CultureInfo.InvariantCulture, format, token));

        await response.ShouldBeDoneAsync();
        (await api.StatusAsync(token)).Should().Be(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task A_client_may_authenticate_in_the_form()
    {
        await using TestApi api = await TokenRevocationApi.StartAsync();
        string token = TokenRevocationApi.TokenOf("app");

        using HttpResponseMessage wrong = await api.PostAsync($"token={token}&client_id=app&client_secret=guessed", client: null);
        wrong.StatusCode.Should().Be(HttpStatusCode.Unauthorized);
        (await api.StatusAsync(token)).Should().Be(HttpStatusCode.OK);

        using HttpResponseMessage response = await api.PostAsync($"token={token}&client_id=app&client_secret=secret", client: null);
        await response.ShouldBeDoneAsync();
        (await api.StatusAsync(token)).Should().Be(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task A_client_tries_again_when_a_revoker_of_the_app_fails()
    {
        await using TestApi api = await TokenRevocationApi.StartAsync(services: services => services.AddSingleton<ITokenRevoker, BrokenRevoker>());

        using HttpResponseMessage response = await api.RevokeAsync(TokenRevocationApi.TokenOf("app"));

        response.ShouldBeUnavailable();
    }

    [Fact]
    public async Task Who_does_not_authenticate_revokes_nothing()
    {
        await using TestApi api = await TokenRevocationApi.StartAsync();
        string token = TokenRevocationApi.TokenOf("app");

        using HttpResponseMessage response = await api.RevokeAsync(token, client: null);

        response.StatusCode.Should().Be(HttpStatusCode.Unauthorized);
        (await api.StatusAsync(token)).Should().Be(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_revocation_may_be_asked_for_twice()
    {
        await using TestApi api = await TokenRevocationApi.StartAsync();
        string token = TokenRevocationApi.TokenOf("app");

        for (int i = 0; i < 2; i++)
        {
            using HttpResponseMessage response = await api.RevokeAsync(token);
            await response.ShouldBeDoneAsync();
        }

        (await api.StatusAsync(token)).Should().Be(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task A_token_that_is_not_valid_yet_is_revoked()
    {
        await using TestApi api = await TokenRevocationApi.StartAsync();
        string token = TokenRevocationApi.TokenOf("app", configure: descriptor =>
        {
            descriptor.NotBefore = (TimeProvider.System.GetUtcNow() + TimeSpan.FromMinutes(30)).UtcDateTime;
        });

        using HttpResponseMessage response = await api.RevokeAsync(token);

        await response.ShouldBeDoneAsync();
        (await api.CountAsync()).Should().Be(1);
    }

    [Fact]
    public async Task An_expired_token_is_as_good_as_revoked()
    {
        await using TestApi api = await TokenRevocationApi.StartAsync();
        string token = TokenRevocationApi.TokenOf("app", configure: descriptor =>
        {
            descriptor.NotBefore = (TimeProvider.System.GetUtcNow() - TimeSpan.FromHours(2)).UtcDateTime;
            descriptor.Expires = (TimeProvider.System.GetUtcNow() - TimeSpan.FromHours(1)).UtcDateTime;
        });

        using HttpResponseMessage response = await api.RevokeAsync(token);

        await response.ShouldBeDoneAsync();
    }

    [Theory]
    [InlineData(null)]
    [InlineData("access_token")]
    [InlineData("something new")]
    [InlineData("")]
    public async Task An_invalid_or_unknown_token_is_as_good_as_revoked(string? hint)
    {
        await using TestApi api = await TokenRevocationApi.StartAsync();
        string victim = TokenRevocationApi.TokenOf("app");
        foreach (string token in NotAccepted(victim))
        {
            using HttpResponseMessage response = await api.RevokeAsync(token, hint);
            await response.ShouldBeDoneAsync();
        }

        (await api.CountAsync()).Should().Be(0);
        (await api.StatusAsync(victim)).Should().Be(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_refresh_token_is_said_to_be_alive()
    {
        await using TestApi api = await TokenRevocationApi.StartAsync();
        foreach (string token in NotAccepted(TokenRevocationApi.TokenOf("app")))
        {
            using HttpResponseMessage response = await api.RevokeAsync(token, "refresh_token");
            await response.ShouldBeRefusedAsync("unsupported_token_type");
        }

        (await api.CountAsync()).Should().Be(0);
    }

    [Theory]
    [InlineData("access_token")]
    [InlineData("refresh_token")]
    [InlineData("something new")]
    public async Task No_hint_keeps_an_access_token_from_being_revoked(string hint)
    {
        await using TestApi api = await TokenRevocationApi.StartAsync();
        string token = TokenRevocationApi.TokenOf("app");

        using HttpResponseMessage response = await api.RevokeAsync(token, hint);

        await response.ShouldBeDoneAsync();
        (await api.StatusAsync(token)).Should().Be(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task A_token_that_is_no_JWT_is_said_to_be_of_the_wrong_type()
    {
        await using TestApi api = await TokenRevocationApi.StartAsync(bearer => bearer.TokenHandlers.Insert(0, new OpaqueTokens()));

        using HttpResponseMessage response = await api.RevokeAsync("opaque");

        await response.ShouldBeRefusedAsync("unsupported_token_type");
    }

    [Theory]
    [InlineData("")]
    [InlineData("token=")]
    [InlineData("token")]
    [InlineData("access_token={0}")]
    [InlineData("Token={0}")]
    [InlineData("token={0}&token={0}")]
    [InlineData("token={0}&token=")]
    [InlineData("token={0}&TOKEN={0}")]
    [InlineData("token={0}&token_type_hint=access_token&token_type_hint=access_token")]
    [InlineData("{{\"token\":\"{0}\"}}")]
    [InlineData("token={0}&x={1}")]
    [InlineData("token={1}")]
    [InlineData("{1}={0}")]
    [InlineData("token={0}&a&b&c&d&e&f&g&h&i&j&k&l&m&n&o&p&q&r&s&t&u&v&w&x&y&z&aa&ab&ac&ad&ae&af&ag&ah&ai")]
    public async Task A_malformed_request_revokes_nothing(string body)
    {
        await using TestApi api = await TokenRevocationApi.StartAsync();
        string token = TokenRevocationApi.TokenOf("app");

        using HttpResponseMessage response = await api.PostAsync(
            string.Format(System.Globalization.CultureInfo.InvariantCulture, body, token, new string('a', 40_000)));

        await response.ShouldBeRefusedAsync("invalid_request");
        (await api.StatusAsync(token)).Should().Be(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("token={0}&unknown=1&unknown=2")]
    [InlineData("token={0}&token_type_hint=")]
    [InlineData("&&token={0}&&")]
    public async Task What_else_is_in_the_form_does_no_harm(string body)
    {
        await using TestApi api = await TokenRevocationApi.StartAsync();
        string token = TokenRevocationApi.TokenOf("app");

        using HttpResponseMessage response = await api.PostAsync(
            string.Format(System.Globalization.CultureInfo.InvariantCulture, body, token), contentType: "application/x-www-form-urlencoded; charset=utf-8");

        await response.ShouldBeDoneAsync();
        (await api.StatusAsync(token)).Should().Be(HttpStatusCode.Unauthorized);
    }

    [Theory]
    [InlineData("application/json", HttpStatusCode.UnsupportedMediaType)]
    [InlineData("multipart/form-data; boundary=x", HttpStatusCode.UnsupportedMediaType)]
    [InlineData("text/plain", HttpStatusCode.UnsupportedMediaType)]
    [InlineData(null, HttpStatusCode.BadRequest)]
    public async Task Only_a_form_is_taken(string? contentType, HttpStatusCode expected)
    {
        await using TestApi api = await TokenRevocationApi.StartAsync();
        string token = TokenRevocationApi.TokenOf("app");

        using HttpResponseMessage response = await api.PostAsync($"token={token}", contentType: contentType);

        response.StatusCode.Should().Be(expected);
        (await api.StatusAsync(token)).Should().Be(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_token_in_the_address_is_not_looked_at()
    {
        await using TestApi api = await TokenRevocationApi.StartAsync(endpoint: revocation => revocation.AllowAnonymous());
        string token = TokenRevocationApi.TokenOf("app");

        using HttpResponseMessage get = await api.SendAsync(HttpMethod.Get, $"{TokenRevocationApi.Path}?token={token}", token: null);
        get.StatusCode.Should().Be(HttpStatusCode.MethodNotAllowed);
        using HttpResponseMessage post = await api.Client.PostAsync(
            $"{TokenRevocationApi.Path}?token={token}", new FormUrlEncodedContent([]), TestContext.Current.CancellationToken);
        await post.ShouldBeRefusedAsync("invalid_request");
        (await api.StatusAsync(token)).Should().Be(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("br")]
    [InlineData("gzip")]
    [InlineData("deflate")]
    public async Task A_body_that_cannot_be_decompressed_is_no_form(string encoding)
    {
        await using TestApi api = await TokenRevocationApi.StartAsync(
            services: services => services.AddRequestDecompression(),
            app: app => app.UseRequestDecompression());
        using ByteArrayContent content = new([.. Enumerable.Repeat((byte)0xFF, 100)]);
        content.Headers.ContentEncoding.Add(encoding);

        using HttpResponseMessage response = await api.Client.PostAsync(content);

        await response.ShouldBeRefusedAsync("invalid_request");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_store_that_does_not_take_it_is_a_503(bool problemDetails)
    {
        await using TestApi api = await TokenRevocationApi.StartAsync(services: services => AddProblemDetailsIf(problemDetails, services));
        string token = TokenRevocationApi.TokenOf("app");
        api.Store().RevokeFails = true;

        using HttpResponseMessage response = await api.RevokeAsync(token);

        await ShouldBeUnavailableAsync(response, problemDetails);
        (await api.StatusAsync(token)).Should().Be(HttpStatusCode.OK);

        api.Store().RevokeFails = false;
        using HttpResponseMessage again = await api.RevokeAsync(token);
        await again.ShouldBeDoneAsync();
        (await api.StatusAsync(token)).Should().Be(HttpStatusCode.Unauthorized);
    }

    [Theory]
    [InlineData(null, false)]
    [InlineData("refresh_token", false)]
    [InlineData(null, true)]
    public async Task So_are_signing_keys_that_are_out_of_reach(string? hint, bool problemDetails)
    {
        Keys keys = new();
        await using TestApi api = await TokenRevocationApi.StartAsync(
            bearer =>
            {
                bearer.TokenValidationParameters = new() { ValidAudience = TestTokens.Audience };
                bearer.ConfigurationManager = keys;
            },
            services => AddProblemDetailsIf(problemDetails, services));
        string token = TokenRevocationApi.TokenOf("app");

        using HttpResponseMessage response = await api.RevokeAsync(token, hint);
        await ShouldBeUnavailableAsync(response, problemDetails);
        (await api.CountAsync()).Should().Be(0);

        keys.InReach = true;
        using HttpResponseMessage again = await api.RevokeAsync(token, hint);
        await again.ShouldBeDoneAsync();
        (await api.StatusAsync(token)).Should().Be(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Tokens_that_many_revoke_at_once_are_all_revoked()
    {
        await using TestApi api = await TokenRevocationApi.StartAsync();
        string[] tokens = [.. Enumerable.Range(0, 200).Select(i => TokenRevocationApi.TokenOf($"app{i % 10}"))];

        // Each three times at once: by its client, by another, and by its client again.
        await Task.WhenAll(tokens.SelectMany((token, i) => new[] { i % 10, (i + 1) % 10, i % 10 }.Select(async client =>
        {
            await Task.Yield();
            using HttpResponseMessage response = await api.RevokeAsync(token, client: $"app{client}");
            response.StatusCode.Should().Be(client == i % 10 ? HttpStatusCode.OK : HttpStatusCode.BadRequest);
            if (client == i % 10)
            {
                (await api.StatusAsync(token)).Should().Be(HttpStatusCode.Unauthorized);
            }
        })));

        (await api.CountAsync()).Should().Be(tokens.Length);
    }

    [Fact]
    public async Task It_can_be_rate_limited()
    {
        await using TestApi api = await TokenRevocationApi.StartAsync(
            services: services => services.AddRateLimiter(limiter =>
            {
                limiter.RejectionStatusCode = StatusCodes.Status429TooManyRequests;
                limiter.AddFixedWindowLimiter("revoke", window =>
                {
                    window.PermitLimit = 2;
                    window.Window = TimeSpan.FromHours(1);
                });
            }),
            endpoint: revocation => revocation.RequireAuthorization("clients").RequireRateLimiting("revoke"),
            app: app => app.UseRateLimiter());

        List<HttpStatusCode> statuses = [];
        for (int i = 0; i < 3; i++)
        {
            using HttpResponseMessage response = await api.RevokeAsync("nonsense");
            statuses.Add(response.StatusCode);
        }

        statuses.Should().Equal(HttpStatusCode.OK, HttpStatusCode.OK, HttpStatusCode.TooManyRequests);
    }

    private static IEnumerable<string> NotAccepted(string victim)
    {
        string[] parts = victim.Split('.');
        return
        [
            "45ghiukldjahdnhzdauz",
            "a.b.c",
            "...",
            "....",
            " ",
            "töken",
            TestTokens.Create(credentials: new(new SymmetricSecurityKey(new byte[64]), SecurityAlgorithms.HmacSha256)),
            TestTokens.Create(audience: "somebody else"),
            TestTokens.Create(configure: descriptor => descriptor.Issuer = "https://another.test"),
            TestTokens.CreateUnsigned(),
            $"{parts[0]}.{TestTokens.Create().Split('.')[1]}.{parts[2]}",
            new string('x', 32_000),
        ];
    }

    private static void AddProblemDetailsIf(bool wanted, IServiceCollection services)
    {
        if (wanted)
        {
            services.AddProblemDetails();
        }
    }

    private static async Task ShouldBeUnavailableAsync(HttpResponseMessage response, bool problemDetails)
    {
        response.ShouldBeUnavailable();
        response.ShouldNotBeStored();
        string body = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        if (problemDetails)
        {
            response.Content.Headers.ContentType!.MediaType.Should().Be("application/problem+json");
            body.Should().Contain("\"status\":503").And.Contain("The token was not revoked");
        }
        else
        {
            body.Should().BeEmpty();
        }
    }

    private sealed class OpaqueTokens : TokenHandler
    {
        public override Task<TokenValidationResult> ValidateTokenAsync(string token, TokenValidationParameters validationParameters) =>
            Task.FromResult(new TokenValidationResult { IsValid = token == "opaque", SecurityToken = new NotAJwt() });
    }

    private sealed class Keys : IConfigurationManager<OpenIdConnectConfiguration>
    {
        public bool InReach { get; set; }

        public Task<OpenIdConnectConfiguration> GetConfigurationAsync(CancellationToken cancel)
        {
            OpenIdConnectConfiguration metadata = new() { Issuer = TestTokens.Issuer };
            metadata.SigningKeys.Add(TestKeys.For("HS256").Key);
            return InReach ? Task.FromResult(metadata) : throw new HttpRequestException("out of reach");
        }

        public void RequestRefresh()
        {
        }
    }
}
