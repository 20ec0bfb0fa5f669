using System.IdentityModel.Tokens.Jwt;
using System.Net;
using Microsoft.IdentityModel.JsonWebTokens;
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

    public static TheoryData<string, bool> Lookups { get; } = new(
        from name in new[] { "algorithm", "audience", "issuer", "key", "signature", "type" }
        from securityTokenValidators in new[] { false, true }
        select (name, securityTokenValidators));

    [Theory]
    [MemberData(nameof(Lookups))]
    public async Task While_the_app_cannot_look_something_else_up_nobody_can_tell(string name, bool securityTokenValidators)
    {
        bool isDown = false;
        await using TestApi api = await TokenRevocationApi.StartAsync(bearer =>
        {
            bearer.UseSecurityTokenValidators = securityTokenValidators;
            TokenValidationParameters parameters = bearer.TokenValidationParameters;
            parameters.ValidateIssuerSigningKey = true;
            parameters.AlgorithmValidator = (_, _, _, _) => LookUp("algorithm", true);
            parameters.AudienceValidator = (_, _, _) => LookUp("audience", true);
            parameters.IssuerValidator = (issuer, _, _) => LookUp("issuer", issuer);
            parameters.IssuerSigningKeyValidator = (_, _, _) => LookUp("key", true);
            parameters.TypeValidator = (type, _, _) => LookUp("type", type);
            if (name == "signature")
            {
                parameters.SignatureValidator = (token, _) => LookUp("signature", Read(token));
            }
        });
        string token = TokenRevocationApi.TokenOf("app");
        (await api.StatusAsync(token)).Should().Be(HttpStatusCode.OK);

        isDown = true;
        using HttpResponseMessage response = await api.RevokeAsync(token);
        response.ShouldBeUnavailable();
        (await api.CountAsync()).Should().Be(0);

        isDown = false;
        using HttpResponseMessage again = await api.RevokeAsync(token);
        await again.ShouldBeDoneAsync();
        (await api.StatusAsync(token)).Should().Be(HttpStatusCode.Unauthorized);

        SecurityToken Read(string encoded) => securityTokenValidators ? new JwtSecurityToken(encoded) : new JsonWebToken(encoded);

        T LookUp<T>(string what, T found) => isDown && what == name ? throw new HttpRequestException("down") : found;
    }

    [Theory]
    [InlineData("actor", false)]
    [InlineData("actor", true)]
    [InlineData("handler", false)]
    [InlineData("handler's answer", false)]
    [InlineData("reader", true)]
    [InlineData("transform", false)]
    public async Task While_whatever_the_app_has_of_its_own_is_out_of_reach_nobody_can_tell(string which, bool securityTokenValidators)
    {
        bool isDown = false;
        await using TestApi api = await TokenRevocationApi.StartAsync(bearer =>
        {
            bearer.UseSecurityTokenValidators = securityTokenValidators;
            TokenValidationParameters parameters = bearer.TokenValidationParameters;
            TokenValidationParameters actors = TestTokens.Parameters();
            actors.IssuerSigningKeys = null;
            actors.IssuerSigningKeyResolver = (_, _, _, _) => LookUp<IEnumerable<SecurityKey>>("actor", TestKeys.All);
            parameters.ValidateActor = true;
            parameters.ActorValidationParameters = actors;
            parameters.TokenReader = which == "reader" ? (token, _) => LookUp("reader", new JwtSecurityToken(token)) : null;
            parameters.TransformBeforeSignatureValidation = (token, _) => LookUp("transform", token);
            bearer.TokenHandlers.Clear();
            bearer.TokenHandlers.Add(which.StartsWith("handler", StringComparison.Ordinal)
                ? new RemoteHandler(() => isDown, asAnswer: which != "handler")
                : new JsonWebTokenHandler());
        });
        string token = TokenRevocationApi.TokenOf("app", configure: descriptor => descriptor.Claims["actort"] = TestTokens.Create(subject: "actor"));
        (await api.StatusAsync(token)).Should().Be(HttpStatusCode.OK);

        isDown = true;
        using HttpResponseMessage response = await api.RevokeAsync(token);
        response.ShouldBeUnavailable();

        isDown = false;
        using HttpResponseMessage again = await api.RevokeAsync(token);
        await again.ShouldBeDoneAsync();
        (await api.StatusAsync(token)).Should().Be(HttpStatusCode.Unauthorized);

        T LookUp<T>(string what, T found) => isDown && what == which ? throw new HttpRequestException("down") : found;
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Garbage_is_no_failure_of_a_handler_of_the_apps_own(bool securityTokenValidators)
    {
        await using TestApi api = await TokenRevocationApi.StartAsync(bearer =>
        {
            bearer.UseSecurityTokenValidators = securityTokenValidators;
            bearer.TokenHandlers.Clear();
            bearer.TokenHandlers.Add(new RemoteHandler(static () => false, asAnswer: false));
#pragma warning disable CS0618 // An app that sets UseSecurityTokenValidators still uses them.
            bearer.SecurityTokenValidators.Clear();
            bearer.SecurityTokenValidators.Add(new OwnJwtSecurityTokenHandler());
#pragma warning restore CS0618
        });
        string[] jwe = TokenRevocationApi.TokenOf("app", encrypted: true).Split('.');

        foreach (string garbage in new[]
        {
            "nonsense", "a.b.c", "....",
            $"{jwe[0]}.!!!.{jwe[2]}.{jwe[3]}.{jwe[4]}",
            $"{jwe[0]}.{jwe[1]}.A.{jwe[3]}.{jwe[4]}",
            $"{jwe[0]}.{jwe[1]}.{jwe[2]}.!!!.{jwe[4]}",
        })
        {
            using HttpResponseMessage response = await api.RevokeAsync(garbage);
            await response.ShouldBeDoneAsync();
        }
    }

    [Fact]
    public async Task A_lookup_that_knows_no_such_tenant_says_no()
    {
        Dictionary<string, string> tenants = new() { [TestTokens.Issuer] = TestTokens.Issuer };
        await using TestApi api = await TokenRevocationApi.StartAsync(bearer => bearer.TokenValidationParameters.IssuerValidator = (issuer, _, _) => tenants[issuer]);

        using HttpResponseMessage response = await api.RevokeAsync(TokenRevocationApi.TokenOf("app", configure: descriptor => descriptor.Issuer = "https://another.test"));

        await response.ShouldBeDoneAsync();
    }

    [Theory]
    [InlineData("decryption", false)]
    [InlineData("decryption", true)]
    [InlineData("signing", false)]
    [InlineData("signing", true)]
    [InlineData("configured", false)]
    [InlineData("configured", true)]
    public async Task A_lookup_that_knows_no_key_leaves_it_to_the_keys_of_the_scheme(string which, bool securityTokenValidators)
    {
        await using TestApi api = await TokenRevocationApi.StartAsync(bearer =>
        {
            bearer.UseSecurityTokenValidators = securityTokenValidators;
            TokenValidationParameters parameters = bearer.TokenValidationParameters;
            parameters.TokenDecryptionKeyResolver = which == "decryption" ? (_, _, _, _) => null! : null;
            parameters.IssuerSigningKeyResolver = which == "signing" ? (_, _, _, _) => null! : null;
            parameters.IssuerSigningKeyResolverUsingConfiguration = which == "configured" ? (_, _, _, _, _) => null! : null;
        });
        string token = TokenRevocationApi.TokenOf("app", encrypted: which == "decryption");
        bool isAccepted = await api.StatusAsync(token) == HttpStatusCode.OK;

        using HttpResponseMessage response = await api.RevokeAsync(token);

        // What a handler makes of it is its own affair; but what the scheme accepts can be revoked.
        (await api.CountAsync()).Should().Be(isAccepted ? 1 : 0);
        (await api.StatusAsync(token)).Should().Be(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task While_the_app_may_find_a_new_key_nobody_can_tell()
    {
        SecurityKey[] cached = [TestKeys.For("HS256").Key];
        await using TestApi api = await TokenRevocationApi.StartAsync(bearer =>
        {
            bearer.TokenValidationParameters.IssuerSigningKeys = null;
            bearer.TokenValidationParameters.IssuerSigningKeyResolver = (_, _, kid, _) => cached.Where(key => key.KeyId == kid);
        });
        string token = TokenOf("ES256");

        using HttpResponseMessage response = await api.RevokeAsync(token);
        response.ShouldBeUnavailable();

        cached = [TestKeys.For("ES256").Key];
        using HttpResponseMessage again = await api.RevokeAsync(token);
        await again.ShouldBeDoneAsync();
        (await api.StatusAsync(token)).Should().Be(HttpStatusCode.Unauthorized);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_token_of_a_new_key_whose_exp_does_not_end_it_is_never_said_to_be_revoked_before_it_is(bool byOwnValidator)
    {
        ChangingIssuer issuer = new("HS256");
        await using TestApi api = await StartAsync(issuer, more: parameters =>
        {
            parameters.ValidateLifetime = byOwnValidator;
            parameters.LifetimeValidator = byOwnValidator ? (_, _, _, _) => true : null;
        });
        (await api.StatusAsync(Expired("HS256"))).Should().Be(HttpStatusCode.OK);
        issuer.Change("ES256");
        string token = Expired("ES256");

        HttpStatusCode status;
        do
        {
            using HttpResponseMessage response = await api.RevokeAsync(token);
            status = response.StatusCode;
            await issuer.Fetched;
        }
        while (status == HttpStatusCode.ServiceUnavailable);

        (await api.CountAsync()).Should().Be(1);

        static string Expired(string algorithm) => TokenOf(algorithm, descriptor =>
        {
            descriptor.NotBefore = (TimeProvider.System.GetUtcNow() - TimeSpan.FromDays(2)).UtcDateTime;
            descriptor.Expires = (TimeProvider.System.GetUtcNow() - TimeSpan.FromDays(1)).UtcDateTime;
        });
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

    private sealed class OwnJwtSecurityTokenHandler : JwtSecurityTokenHandler;

    private sealed class RemoteHandler(Func<bool> isDown, bool asAnswer) : JsonWebTokenHandler
    {
        public override Task<TokenValidationResult> ValidateTokenAsync(string token, TokenValidationParameters validationParameters) =>
            !isDown() ? base.ValidateTokenAsync(token, validationParameters)
            : asAnswer ? Task.FromResult(new TokenValidationResult { Exception = new HttpRequestException("down") })
            : throw new HttpRequestException("down");
    }

    private static Task<TestApi> StartAsync(
        ChangingIssuer issuer, bool securityTokenValidators = false, Action<TokenValidationParameters>? more = null) => TokenRevocationApi.StartAsync(bearer =>
    {
        bearer.UseSecurityTokenValidators = securityTokenValidators;
        bearer.TokenValidationParameters = new() { ValidAudience = TestTokens.Audience, ValidIssuer = TestTokens.Issuer };
        more?.Invoke(bearer.TokenValidationParameters);
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
