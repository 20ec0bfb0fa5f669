using System.Net;
using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;

namespace JwtRevocation.Tests.Endpoints;

/// <summary>An issuer changes its signing keys, and this node is the last to hear of it.</summary>
public sealed class TokenRevocationKeysTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_token_of_a_new_key_is_never_said_to_be_revoked_before_it_is(bool securityTokenValidators)
    {
        ChangingIssuer issuer = new("HS256");
        await using TestApi api = await StartAsync(issuer, securityTokenValidators);
        (await api.StatusAsync(TokenOf("HS256"))).Should().Be(HttpStatusCode.OK);
        issuer.Change("ES256");
        string token = TokenOf("ES256");

        HttpStatusCode status;
        do
        {
            using HttpResponseMessage response = await api.RevokeAsync(token);
            status = response.StatusCode;
            status.Should().BeOneOf(HttpStatusCode.OK, HttpStatusCode.ServiceUnavailable);
            await issuer.Fetched;
        }
        while (status != HttpStatusCode.OK);

        (await api.CountAsync()).Should().Be(1);
        (await api.StatusAsync(token)).Should().Be(HttpStatusCode.Unauthorized);
        (await api.StatusAsync(TokenOf("ES256"))).Should().Be(HttpStatusCode.OK);
    }

    [Fact]
    public async Task While_it_is_too_early_to_fetch_keys_again_nobody_can_tell()
    {
        ChangingIssuer issuer = new("HS256");
        await using TestApi api = await StartAsync(issuer);
        (await api.StatusAsync(TokenOf("HS256"))).Should().Be(HttpStatusCode.OK);
        issuer.Change("ES256");
        await api.StatusAsync(TokenOf("ES256"));
        await issuer.Fetched;
        issuer.Change("RS256");

        using HttpResponseMessage response = await api.RevokeAsync(TokenOf("RS256"));

        response.ShouldBeUnavailable();
        (await api.CountAsync()).Should().Be(0);
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public async Task While_the_app_cannot_look_a_key_up_nobody_can_tell(bool securityTokenValidators, bool encrypted)
    {
        bool isDown = false;
        await using TestApi api = await TokenRevocationApi.StartAsync(bearer =>
        {
            TokenValidationParameters parameters = bearer.TokenValidationParameters;
            bearer.UseSecurityTokenValidators = securityTokenValidators;
            if (encrypted)
            {
                SecurityKey key = parameters.TokenDecryptionKey;
                parameters.TokenDecryptionKey = null;
                parameters.TokenDecryptionKeyResolver = (_, _, _, _) => isDown ? throw new HttpRequestException("down") : [key];
            }
            else
            {
                parameters.IssuerSigningKeys = null;
                parameters.IssuerSigningKeyResolver = (_, _, _, _) => isDown ? throw new HttpRequestException("down") : TestKeys.All;
            }
        });
        string token = TokenRevocationApi.TokenOf("app", encrypted: encrypted);
        (await api.StatusAsync(token)).Should().Be(HttpStatusCode.OK);

        isDown = true;
        using HttpResponseMessage response = await api.RevokeAsync(token);
        response.ShouldBeUnavailable();
        (await api.CountAsync()).Should().Be(0);

        isDown = false;
        using HttpResponseMessage again = await api.RevokeAsync(token);
        await again.ShouldBeDoneAsync();
        (await api.StatusAsync(token)).Should().Be(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task A_token_of_an_unknown_key_that_is_expired_or_of_somebody_else_is_as_good_as_revoked()
    {
        await using TestApi api = await StartAsync(new("HS256"));

        foreach (string token in new[]
        {
            TokenOf("ES256", descriptor =>
            {
                descriptor.NotBefore = (TimeProvider.System.GetUtcNow() - TimeSpan.FromDays(2)).UtcDateTime;
                descriptor.Expires = (TimeProvider.System.GetUtcNow() - TimeSpan.FromDays(1)).UtcDateTime;
            }),
            TokenOf("ES256", descriptor => descriptor.Issuer = "https://another.test"),
            TokenOf("HS256")[..^8] + "AAAAAAAA",
            "nonsense",
        })
        {
            using HttpResponseMessage response = await api.RevokeAsync(token);
            await response.ShouldBeDoneAsync();
        }

        (await api.CountAsync()).Should().Be(0);
    }

    private static Task<TestApi> StartAsync(ChangingIssuer issuer, bool securityTokenValidators = false) => TokenRevocationApi.StartAsync(bearer =>
    {
        bearer.UseSecurityTokenValidators = securityTokenValidators;
        bearer.TokenValidationParameters = new() { ValidAudience = TestTokens.Audience, ValidIssuer = TestTokens.Issuer };
        bearer.ConfigurationManager = new ConfigurationManager<OpenIdConnectConfiguration>("https://issuer.test/", issuer, new HttpDocumentRetriever());
    });

    private static string TokenOf(string algorithm, Action<SecurityTokenDescriptor>? configure = null) => TestTokens.Create(
        algorithm,
        configure: descriptor =>
        {
            descriptor.Claims["client_id"] = "app";
            configure?.Invoke(descriptor);
        });

    private sealed class ChangingIssuer(string algorithm) : IConfigurationRetriever<OpenIdConnectConfiguration>
    {
        private string _algorithm = algorithm;
        private TaskCompletionSource _fetched = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>Whether somebody has fetched the keys since they changed.</summary>
        public Task Fetched => _fetched.Task;

        public void Change(string algorithm)
        {
            _fetched = new(TaskCreationOptions.RunContinuationsAsynchronously);
            _algorithm = algorithm;
        }

        public Task<OpenIdConnectConfiguration> GetConfigurationAsync(string address, IDocumentRetriever retriever, CancellationToken cancel)
        {
            OpenIdConnectConfiguration metadata = new() { Issuer = TestTokens.Issuer };
            metadata.SigningKeys.Add(TestKeys.For(_algorithm).Key);
            _fetched.TrySetResult();
            return Task.FromResult(metadata);
        }
    }
}
