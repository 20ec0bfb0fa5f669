using System.Net;
using System.Security.Cryptography;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;
using static JwtRevocation.Tests.Endpoints.BackChannelLogoutProvider;

namespace JwtRevocation.Tests.Endpoints;

/// <summary>What a scheme may allow to access tokens, and does not allow to a logout token; and where its keys come from.</summary>
public sealed class BackChannelLogoutSchemeTests
{
    public static TheoryData<string> Wideners =>
    [
        "RequireSignedTokens", "SignatureValidator", "SignatureValidatorUsingConfiguration", "TransformBeforeSignatureValidation",
        "TokenReader", "ValidateIssuer", "IssuerValidator", "IssuerValidatorUsingConfiguration", "ValidateAudience", "AudienceValidator",
        "RequireAudience", "LifetimeValidator", "TypeValidator", "ValidateSignatureLast", "AlgorithmValidator", "all",
    ];

    [Theory]
    [MemberData(nameof(Wideners))]
    public async Task A_setting_that_lets_more_access_tokens_pass_lets_no_other_logout_token_pass(string setting)
    {
        string forged = Create(credentials: Stranger());
        await using TestApi api = await StartAsync(bearer => Widen(bearer.TokenValidationParameters, setting));

        await api.ShouldRefuseAsync(forged);
        await api.ShouldRefuseAsync(Create(claims => claims["iss"] = "https://other.test"));
        await api.ShouldRefuseAsync(Create(claims => claims.Remove("iss")));
        await api.ShouldRefuseAsync(Create(claims => claims["aud"] = "other"));
        await api.ShouldRefuseAsync(Create(claims => claims.Remove("aud")));
        await api.ShouldRefuseAsync(Create(claims => claims["exp"] = 1));
        await api.ShouldRefuseAsync(Create(credentials: TestKeys.For("HS256")));
        await api.ShouldRefuseAsync(Create(header: header => header["typ"] = "at+jwt"));
        await api.ShouldTakeAsync(Create());
    }

    public static TheoryData<string> Narrowers =>
        ["ValidAlgorithms", "AlgorithmValidator", "IssuerSigningKeyValidator", "IssuerSigningKeyValidatorUsingConfiguration", "ValidateIssuerSigningKey"];

    [Theory]
    [MemberData(nameof(Narrowers))]
    public async Task A_setting_that_lets_fewer_pass_counts(string setting)
    {
        // An expired certificate is refused only where the app asks for that.
        using var rsa = RSA.Create(2048);
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        using var certificate = new System.Security.Cryptography.X509Certificates.CertificateRequest("CN=issuer", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            .CreateSelfSigned(now.AddDays(-2), now.AddDays(-1));
        SigningCredentials expired = new(new X509SecurityKey(certificate), "RS256");
        await using TestApi api = await StartAsync(bearer =>
        {
            TokenValidationParameters parameters = bearer.TokenValidationParameters;
            parameters.IssuerSigningKeys = [.. TestKeys.All, expired.Key];
            switch (setting)
            {
                case "ValidAlgorithms":
                    parameters.ValidAlgorithms = ["ES256"];
                    break;
                case "AlgorithmValidator":
                    parameters.AlgorithmValidator = (algorithm, _, _, _) => algorithm == "ES256";
                    break;
                case "IssuerSigningKeyValidator":
                    parameters.IssuerSigningKeyValidator = (key, _, _) => key.KeyId == "p256";
                    break;
                case "IssuerSigningKeyValidatorUsingConfiguration":
                    parameters.IssuerSigningKeyValidatorUsingConfiguration = (key, _, _, _) => key.KeyId == "p256";
                    break;
                default:
                    parameters.ValidateIssuerSigningKey = true;
                    break;
            }
        });

        await api.ShouldRefuseAsync(Create(credentials: expired));
        await api.ShouldTakeAsync(Create(credentials: TestKeys.For("ES256")));
    }

    [Fact]
    public async Task Keys_of_the_apps_own_resolver_count()
    {
        await using TestApi api = await StartAsync(bearer =>
        {
            bearer.TokenValidationParameters.IssuerSigningKeys = null;
            bearer.TokenValidationParameters.IssuerSigningKeyResolver = (_, _, kid, _) => TestKeys.All.Where(key => key.KeyId == kid);
        });

        await api.ShouldRefuseAsync(Create(credentials: Stranger()));
        await api.ShouldTakeAsync(Create());
    }

    [Fact]
    public async Task Delegates_that_ask_for_the_metadata_get_them()
    {
        OpenIdConnectConfiguration metadata = Metadata(TestKeys.For("ES256").Key);
        List<BaseConfiguration?> seen = [];
        await using TestApi api = await StartAsync(bearer =>
        {
            bearer.TokenValidationParameters = new()
            {
                ValidAudience = TestTokens.Audience,
                IssuerSigningKeyResolverUsingConfiguration = (_, _, _, _, configuration) =>
                {
                    seen.Add(configuration);
                    return configuration.SigningKeys;
                },
                IssuerSigningKeyValidatorUsingConfiguration = (_, _, _, configuration) =>
                {
                    seen.Add(configuration);
                    return true;
                },
            };
            bearer.ConfigurationManager = new StaticConfigurationManager<OpenIdConnectConfiguration>(metadata);
        });

        await api.ShouldTakeAsync(Create());

        seen.Should().HaveCount(2).And.OnlyContain(each => ReferenceEquals(each, metadata));
    }

    [Fact]
    public async Task The_issuer_of_the_metadata_counts()
    {
        await using TestApi api = await StartAsync(bearer =>
        {
            bearer.TokenValidationParameters = new() { ValidAudience = TestTokens.Audience, ValidateIssuer = false };
            bearer.ConfigurationManager = new StaticConfigurationManager<OpenIdConnectConfiguration>(Metadata(TestKeys.For("ES256").Key));
        });

        await api.ShouldRefuseAsync(Create(claims => claims["iss"] = "https://other.test"));
        await api.ShouldTakeAsync(Create());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_new_signing_key_is_fetched(bool isBase)
    {
        SigningCredentials newKey = Stranger();
        RollingKeys rolling = new(TestKeys.For("ES256").Key);
        await using TestApi api = await StartAsync(bearer =>
        {
            bearer.TokenValidationParameters = new() { ValidAudience = TestTokens.Audience };
            bearer.ConfigurationManager = isBase ? new BaseRollingKeys(rolling) : rolling;
        });
        await api.ShouldRefuseAsync(Create(credentials: newKey), "temporarily_unavailable");
        rolling.Refreshes.Should().Be(1);

        // Nobody can have it fetched by what is not for this app anyway.
        await api.ShouldRefuseAsync(Create(claims => claims["aud"] = "other", credentials: newKey));
        await api.ShouldRefuseAsync(Create(claims => claims["iss"] = "https://other.test", credentials: newKey));
        await api.ShouldRefuseAsync("garbage");
        rolling.Refreshes.Should().Be(1);

        rolling.Published = newKey.Key;
        await api.ShouldTakeAsync(Create(credentials: newKey));
        rolling.Refreshes.Should().Be(2);
    }

    /// <summary>It fetches in the background: what comes meanwhile has failed, and a retry of the provider's works.</summary>
    [Fact]
    public async Task A_new_signing_key_is_fetched_by_the_manager_that_JwtBearer_makes()
    {
        SigningCredentials newKey = Stranger();
        Retriever published = new() { Key = TestKeys.For("ES256").Key };
        await using TestApi api = await StartAsync(bearer =>
        {
            bearer.TokenValidationParameters = new() { ValidAudience = TestTokens.Audience };
            bearer.ConfigurationManager = new ConfigurationManager<OpenIdConnectConfiguration>("https://issuer.test/metadata", published, new HttpDocumentRetriever());
        });
        await api.ShouldTakeAsync(Create());
        published.Key = newKey.Key;

        string token = Create(credentials: newKey);
        using CancellationTokenSource patience = new(TimeSpan.FromSeconds(30));
        while (await api.LogoutStatusAsync(token) != HttpStatusCode.OK)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), patience.Token);
        }
    }

    [Fact]
    public async Task Unless_the_app_has_asked_not_to()
    {
        RollingKeys rolling = new(TestKeys.For("ES256").Key);
        await using TestApi api = await StartAsync(bearer =>
        {
            bearer.TokenValidationParameters = new() { ValidAudience = TestTokens.Audience };
            bearer.RefreshOnIssuerKeyNotFound = false;
            bearer.ConfigurationManager = rolling;
        });

        await api.ShouldRefuseAsync(Create(credentials: Stranger()));

        rolling.Refreshes.Should().Be(0);
    }

    [Fact]
    public async Task A_key_that_the_issuer_has_withdrawn_does_not_count_though_it_does_for_access_tokens_for_a_while()
    {
        SigningCredentials withdrawn = Stranger();
        StaticConfigurationManager<OpenIdConnectConfiguration> manager = new(Metadata(TestKeys.For("ES256").Key))
        {
            UseLastKnownGoodConfiguration = true,
            LastKnownGoodConfiguration = Metadata(withdrawn.Key),
        };
        await using TestApi api = await StartAsync(bearer =>
        {
            bearer.TokenValidationParameters = new() { ValidAudience = TestTokens.Audience };
            bearer.ConfigurationManager = manager;
        });
        (await api.StatusAsync(TestTokens.Create(credentials: withdrawn))).Should().Be(HttpStatusCode.OK);

        await api.ShouldRefuseAsync(Create(credentials: withdrawn), "temporarily_unavailable");
    }

    [Fact]
    public async Task Logout_tokens_are_validated_so_whatever_handlers_the_scheme_has()
    {
        await using TestApi api = await StartAsync(bearer =>
        {
            bearer.TokenHandlers.Clear();
            bearer.UseSecurityTokenValidators = true;
        });

        await api.ShouldRefuseAsync(Create(credentials: Stranger()));
        await api.ShouldTakeAsync(Create());
    }

    private static SigningCredentials Stranger() =>
        new(new ECDsaSecurityKey(ECDsa.Create(ECCurve.NamedCurves.nistP256)) { KeyId = "stranger" }, "ES256");

    private static OpenIdConnectConfiguration Metadata(SecurityKey key)
    {
        OpenIdConnectConfiguration configuration = new() { Issuer = TestTokens.Issuer };
        configuration.SigningKeys.Add(key);
        return configuration;
    }

    private static void Widen(TokenValidationParameters parameters, string setting)
    {
        // HS256 tokens are what the list keeps out, which a delegate replaces.
        parameters.ValidAlgorithms = ["ES256", "RS256"];
        Dictionary<string, Action> wideners = new()
        {
            ["RequireSignedTokens"] = () => parameters.RequireSignedTokens = false,
            ["SignatureValidator"] = () => parameters.SignatureValidator = (token, _) => new JsonWebToken(token) { SigningKey = TestKeys.All[0] },
            ["SignatureValidatorUsingConfiguration"] = () => parameters.SignatureValidatorUsingConfiguration = (token, _, _) => new JsonWebToken(token) { SigningKey = TestKeys.All[0] },
            ["TransformBeforeSignatureValidation"] = () => parameters.TransformBeforeSignatureValidation = (_, _) => new JsonWebToken(Create()),
            ["TokenReader"] = () => parameters.TokenReader = (_, _) => new JsonWebToken(Create()),
            ["ValidateIssuer"] = () => parameters.ValidateIssuer = false,
            ["IssuerValidator"] = () => parameters.IssuerValidator = (issuer, _, _) => issuer,
            ["IssuerValidatorUsingConfiguration"] = () => parameters.IssuerValidatorUsingConfiguration = (issuer, _, _, _) => issuer,
            ["ValidateAudience"] = () => parameters.ValidateAudience = false,
            ["AudienceValidator"] = () => parameters.AudienceValidator = (_, _, _) => true,
            ["RequireAudience"] = () => parameters.RequireAudience = false,
            ["LifetimeValidator"] = () => parameters.LifetimeValidator = (_, _, _, _) => true,
            ["TypeValidator"] = () => parameters.TypeValidator = (_, _, _) => "JWT",
            ["ValidateSignatureLast"] = () => parameters.ValidateSignatureLast = true,
            ["AlgorithmValidator"] = () => parameters.AlgorithmValidator = (_, _, _, _) => true,
        };
        if (setting == "all")
        {
            foreach (Action widen in wideners.Values)
            {
                widen();
            }
        }
        else
        {
            wideners[setting]();
        }
    }

    private sealed class Retriever : IConfigurationRetriever<OpenIdConnectConfiguration>
    {
        public required SecurityKey Key { get; set; }

        public Task<OpenIdConnectConfiguration> GetConfigurationAsync(string address, IDocumentRetriever retriever, CancellationToken cancel) =>
            Task.FromResult(Metadata(Key));
    }

    private sealed class RollingKeys(SecurityKey first) : IConfigurationManager<OpenIdConnectConfiguration>
    {
        private OpenIdConnectConfiguration _known = Metadata(first);

        public SecurityKey Published { get; set; } = first;

        public int Refreshes { get; private set; }

        public Task<OpenIdConnectConfiguration> GetConfigurationAsync(CancellationToken cancel) => Task.FromResult(_known);

        public void RequestRefresh()
        {
            Refreshes++;
            _known = Metadata(Published);
        }
    }

    /// <summary>Of the kind that IdentityModel's handlers ask themselves.</summary>
    private sealed class BaseRollingKeys(RollingKeys keys) : BaseConfigurationManager, IConfigurationManager<OpenIdConnectConfiguration>
    {
        public Task<OpenIdConnectConfiguration> GetConfigurationAsync(CancellationToken cancel) => keys.GetConfigurationAsync(cancel);

        public override async Task<BaseConfiguration> GetBaseConfigurationAsync(CancellationToken cancel) => await keys.GetConfigurationAsync(cancel);

        public override void RequestRefresh() => keys.RequestRefresh();
    }
}
