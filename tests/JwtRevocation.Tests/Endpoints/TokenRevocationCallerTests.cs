using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.IdentityModel.JsonWebTokens;

namespace JwtRevocation.Tests.Endpoints;

public sealed class TokenRevocationCallerTests
{
    private const string OtherIssuer = "https://other.test";

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_token_of_another_client_stays_valid(bool encrypted)
    {
        await using TestApi api = await TokenRevocationApi.StartAsync();
        string token = TokenRevocationApi.TokenOf("another", encrypted: encrypted);

        using HttpResponseMessage response = await api.RevokeAsync(token);

        await response.ShouldBeRefusedAsync("invalid_grant");
        (await api.CountAsync()).Should().Be(0);
        (await api.StatusAsync(token)).Should().Be(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("client_id")]
    [InlineData("azp")]
    public async Task A_client_is_known_by_client_id_or_azp(string claim)
    {
        await using TestApi api = await TokenRevocationApi.StartAsync();
        string token = TokenRevocationApi.TokenOf("app", claim);

        using HttpResponseMessage response = await api.RevokeAsync(token);

        await response.ShouldBeDoneAsync();
        (await api.StatusAsync(token)).Should().Be(HttpStatusCode.Unauthorized);
    }

    [Theory]
    [InlineData("App")]
    [InlineData("app ")]
    [InlineData("ap")]
    public async Task A_name_that_is_only_similar_is_another_client(string client)
    {
        await using TestApi api = await TokenRevocationApi.StartAsync();

        using HttpResponseMessage response = await api.RevokeAsync(TokenRevocationApi.TokenOf("app"), client: client);

        await response.ShouldBeRefusedAsync("invalid_grant");
    }

    [Fact]
    public async Task A_token_that_names_no_client_belongs_to_none()
    {
        await using TestApi api = await TokenRevocationApi.StartAsync();

        using HttpResponseMessage response = await api.RevokeAsync(TestTokens.Create());

        await response.ShouldBeRefusedAsync("invalid_grant");
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task A_client_or_subject_that_authenticates_by_a_token_revokes_its_own(bool securityTokenValidators, bool mapInboundClaims)
    {
        await using TestApi api = await StartAsync(securityTokenValidators, mapInboundClaims);
        string caller = Token("alice", "app");

        // Its own, one of the same client, one of the same subject; not one of the same texts from another issuer.
        string[] own = [Token("bob", "app"), Token("alice", "another"), caller];
        foreach (string token in new[] { Token("bob", "another"), Token("alice", "app", OtherIssuer), Token("app", "alice") })
        {
            using HttpResponseMessage response = await api.RevokeAsync(token, bearer: caller);
            await response.ShouldBeRefusedAsync("invalid_grant");
            (await api.StatusAsync(token)).Should().Be(HttpStatusCode.OK);
        }

        foreach (string token in own)
        {
            using HttpResponseMessage response = await api.RevokeAsync(token, bearer: caller);
            await response.ShouldBeDoneAsync();
            (await api.StatusAsync(token)).Should().Be(HttpStatusCode.Unauthorized);
        }

        // And then the caller's own token does not authenticate it any more.
        using HttpResponseMessage after = await api.RevokeAsync(Token("alice", "app"), bearer: caller);
        after.StatusCode.Should().Be(HttpStatusCode.Unauthorized);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_nameid_is_no_subject(bool securityTokenValidators)
    {
        await using TestApi api = await StartAsync(securityTokenValidators, mapInboundClaims: true);
        string caller = TestTokens.Create(subject: "mallory", configure: descriptor => descriptor.Claims["nameid"] = "alice");

        using HttpResponseMessage response = await api.RevokeAsync(Token("alice", "app"), bearer: caller);

        await response.ShouldBeRefusedAsync("invalid_grant");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_bearer_token_without_an_issuer_speaks_for_no_issuers_clients(bool securityTokenValidators)
    {
        await using TestApi api = await TokenRevocationApi.StartAsync(bearer =>
        {
            bearer.UseSecurityTokenValidators = securityTokenValidators;
            bearer.TokenValidationParameters.ValidateIssuer = false;
        });
        string caller = TokenRevocationApi.TokenOf("app", configure: descriptor => descriptor.Issuer = null);
        (await api.StatusAsync(caller)).Should().Be(HttpStatusCode.OK);
        string victim = TokenRevocationApi.TokenOf("app");

        using HttpResponseMessage response = await api.RevokeAsync(victim, bearer: caller);
        await response.ShouldBeRefusedAsync("invalid_grant");
        (await api.StatusAsync(victim)).Should().Be(HttpStatusCode.OK);

        // But for its own.
        using HttpResponseMessage own = await api.RevokeAsync(caller, bearer: caller);
        await own.ShouldBeDoneAsync();
        (await api.StatusAsync(caller)).Should().Be(HttpStatusCode.Unauthorized);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Where_anybody_may_call_a_valid_token_is_the_proof(bool encrypted)
    {
        await using TestApi api = await TokenRevocationApi.StartAsync(endpoint: revocation => revocation.AllowAnonymous());
        string token = TokenRevocationApi.TokenOf("app", encrypted: encrypted);

        using HttpResponseMessage guess = await api.RevokeAsync(token[..^8] + "AAAAAAAA", client: null);
        await guess.ShouldBeDoneAsync();
        (await api.CountAsync()).Should().Be(0);

        using HttpResponseMessage response = await api.RevokeAsync(token, client: null);
        await response.ShouldBeDoneAsync();
        (await api.StatusAsync(token)).Should().Be(HttpStatusCode.Unauthorized);
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task The_apps_own_rule_decides_instead(bool securityTokenValidators, bool encrypted)
    {
        List<string> asked = [];
        await using TestApi api = await TokenRevocationApi.StartAsync(
            bearer => bearer.UseSecurityTokenValidators = securityTokenValidators,
            mayRevoke: (caller, token) =>
            {
                string client = token is JsonWebToken jwt
                    ? jwt.GetClaim("client_id").Value
                    : ((System.IdentityModel.Tokens.Jwt.JwtSecurityToken)token).Claims.Single(claim => claim.Type == "client_id").Value;
                asked.Add($"{caller.FindFirst("client_id")?.Value} {client}");
                return caller.HasClaim("client_id", "operator");
            });
        string token = TokenRevocationApi.TokenOf("app", encrypted: encrypted);

        using HttpResponseMessage unknown = await api.RevokeAsync("nonsense", client: "operator");
        await unknown.ShouldBeDoneAsync();
        using HttpResponseMessage own = await api.RevokeAsync(token);
        await own.ShouldBeRefusedAsync("invalid_grant");
        (await api.StatusAsync(token)).Should().Be(HttpStatusCode.OK);
        using HttpResponseMessage operators = await api.RevokeAsync(token, client: "operator");
        await operators.ShouldBeDoneAsync();
        (await api.StatusAsync(token)).Should().Be(HttpStatusCode.Unauthorized);
        asked.Should().Equal("app app", "operator app");
    }

    [Fact]
    public async Task The_apps_own_rule_is_asked_where_anybody_may_call_too()
    {
        await using TestApi api = await TokenRevocationApi.StartAsync(
            mayRevoke: (_, _) => false, endpoint: revocation => revocation.AllowAnonymous());

        using HttpResponseMessage response = await api.RevokeAsync(TokenRevocationApi.TokenOf("app"), client: null);

        await response.ShouldBeRefusedAsync("invalid_grant");
    }

    private static Task<TestApi> StartAsync(bool securityTokenValidators, bool mapInboundClaims) => TokenRevocationApi.StartAsync(bearer =>
    {
        bearer.UseSecurityTokenValidators = securityTokenValidators;
        bearer.MapInboundClaims = mapInboundClaims;
        bearer.TokenValidationParameters.ValidIssuers = [TestTokens.Issuer, OtherIssuer];
    });

    private static string Token(string subject, string client, string issuer = TestTokens.Issuer) => TestTokens.Create(
        subject: subject,
        configure: descriptor =>
        {
            descriptor.Issuer = issuer;
            descriptor.Claims["client_id"] = client;
        });
}
