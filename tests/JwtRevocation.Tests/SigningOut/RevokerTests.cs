using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;

namespace JwtRevocation.Tests.SigningOut;

public sealed class RevokerTests
{
    [Fact]
    public async Task A_validated_token_is_revoked()
    {
        await using TestApi api = await TestApi.StartAsync();
        string token = TestTokens.Create();
        TokenValidationResult result = await new JsonWebTokenHandler().ValidateTokenAsync(token, TestTokens.Parameters());

        await api.Revoker.RevokeAsync(result.SecurityToken, TestContext.Current.CancellationToken);

        (await api.StatusAsync(token)).Should().Be(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task A_token_that_was_only_read_is_not_taken()
    {
        await using TestApi api = await TestApi.StartAsync();

        Func<Task> revoke = () => api.Revoker.RevokeAsync(new JsonWebToken(TestTokens.Create()), TestContext.Current.CancellationToken);

        await revoke.Should().ThrowAsync<ArgumentException>().WithMessage("*was not verified*");
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task An_encoded_token_is_validated_and_revoked(bool securityTokenValidators, bool encrypted)
    {
        await using TestApi api = await TestApi.StartAsync(bearer => bearer.UseSecurityTokenValidators = securityTokenValidators);
        string token = TestTokens.Create(encrypted: encrypted);

        RevocationReceipt receipt = await api.Revoker.RevokeAsync(token, TestContext.Current.CancellationToken);

        receipt.Expires.Should().BeAfter(TimeProvider.System.GetUtcNow() + TimeSpan.FromHours(1));
        (await api.StatusAsync(token)).Should().Be(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task An_encoded_token_that_no_scheme_accepts_leaves_nothing_behind()
    {
        await using TestApi api = await TestApi.StartAsync();
        SigningCredentials stranger = new(new SymmetricSecurityKey(new byte[64]), SecurityAlgorithms.HmacSha256);
        string victim = TestTokens.Create();
        string[] parts = victim.Split('.');

        foreach (string token in new[]
        {
            "nonsense",
            "a.b.c",
            TestTokens.Create(credentials: stranger),
            TestTokens.Create(audience: "somebody else"),
            TestTokens.CreateUnsigned(),
            $"{parts[0]}.{TestTokens.Create().Split('.')[1]}.{parts[2]}",
        })
        {
            Func<Task> revoke = () => api.Revoker.RevokeAsync(token, TestContext.Current.CancellationToken);
            await revoke.Should().ThrowAsync<SecurityTokenValidationException>();
        }

        Count(api).Should().Be(0);
        (await api.StatusAsync(victim)).Should().Be(HttpStatusCode.OK);
    }

    [Fact]
    public async Task The_revocation_of_an_encoded_token_that_can_never_be_valid_again_goes_by_itself()
    {
        FakeTimeProvider clock = new(TimeProvider.System.GetUtcNow());
        await using TestApi api = await TestApi.StartAsync(services: services => services.AddSingleton<TimeProvider>(clock));

        await api.Revoker.RevokeAsync(
            TestTokens.Create(expires: TimeProvider.System.GetUtcNow() - TimeSpan.FromMinutes(11)), TestContext.Current.CancellationToken);
        clock.Advance(TimeSpan.FromMinutes(1));

        Count(api).Should().Be(0);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_encoded_token_finds_its_scheme_though_others_are_broken(bool throws)
    {
        await using TestApi api = await TestApi.StartCoreAsync(services =>
        {
            services.AddAuthentication("Bearer")
                .AddJwtBearer("Misconfigured", bearer => bearer.Authority = "http://not-https.test")
                .AddJwtBearer("Broken", bearer => TestApi.UseTestTokens(bearer, broken => broken.TokenHandlers.Insert(0, new BrokenHandler(throws))))
                .AddJwtBearer("Unreachable", bearer => bearer.ConfigurationManager = new UnreachableConfigurationManager())
                .AddJwtBearer(bearer => TestApi.UseTestTokens(bearer));
            services.AddJwtRevocation();
        });
        string token = TestTokens.Create();

        await api.Revoker.RevokeAsync(token, TestContext.Current.CancellationToken);
        (await api.StatusAsync(token)).Should().Be(HttpStatusCode.Unauthorized);

        // And a sign-out does not mind them either.
        string another = TestTokens.Create();
        using HttpResponseMessage signOut = await api.SignOutAsync(another);
        signOut.StatusCode.Should().Be(HttpStatusCode.OK);
        (await api.StatusAsync(another)).Should().Be(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task An_encoded_token_that_is_not_valid_yet_can_be_revoked()
    {
        await using TestApi api = await TestApi.StartAsync();
        string token = TestTokens.Create(
            configure: descriptor => descriptor.NotBefore = (TimeProvider.System.GetUtcNow() + TimeSpan.FromMinutes(30)).UtcDateTime);

        await api.Revoker.RevokeAsync(token, TestContext.Current.CancellationToken);

        Count(api).Should().Be(1);
    }

    [Fact]
    public async Task An_encoded_token_is_validated_with_the_keys_of_the_metadata()
    {
        OpenIdConnectConfiguration metadata = new() { Issuer = TestTokens.Issuer };
        metadata.SigningKeys.Add(TestKeys.For("ES256").Key);
        foreach (IConfigurationManager<OpenIdConnectConfiguration> manager in new IConfigurationManager<OpenIdConnectConfiguration>[]
        {
            new StaticConfigurationManager<OpenIdConnectConfiguration>(metadata),
            new OwnConfigurationManager(metadata),
        })
        {
            await using TestApi api = await TestApi.StartAsync(bearer =>
            {
                bearer.TokenValidationParameters = new() { ValidAudience = TestTokens.Audience };
                bearer.ConfigurationManager = manager;
            });
            string token = TestTokens.Create("ES256");
            (await api.StatusAsync(token)).Should().Be(HttpStatusCode.OK);

            await api.Revoker.RevokeAsync(token, TestContext.Current.CancellationToken);

            (await api.StatusAsync(token)).Should().Be(HttpStatusCode.Unauthorized);
        }
    }

    [Fact]
    public async Task A_cancelled_call_throws_and_revokes_nothing()
    {
        await using TestApi api = await TestApi.StartAsync();
        string token = TestTokens.Create();

        Func<Task> revoke = () => api.Revoker.RevokeAsync(token, new CancellationToken(canceled: true));

        await revoke.Should().ThrowAsync<OperationCanceledException>();
        (await api.StatusAsync(token)).Should().Be(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Null_is_refused_by_name()
    {
        await using TestApi api = await TestApi.StartAsync();
        await ((Func<Task>)(() => api.Revoker.RevokeAsync((RevocationTarget)null!))).Should().ThrowAsync<ArgumentNullException>().WithParameterName("target");
        await ((Func<Task>)(() => api.Revoker.RevokeAsync((SecurityToken)null!))).Should().ThrowAsync<ArgumentNullException>().WithParameterName("token");
        await ((Func<Task>)(() => api.Revoker.RevokeAsync(""))).Should().ThrowAsync<ArgumentException>().WithParameterName("encodedToken");
    }

    private static int Count(TestApi api) => ((InMemoryRevokedTokenStore)api.Services.GetRequiredService<IRevokedTokenStore>()).Count;

    private sealed class BrokenHandler(bool throws) : TokenHandler
    {
        public override Task<TokenValidationResult> ValidateTokenAsync(string token, TokenValidationParameters validationParameters) =>
            throws ? throw new FormatException("broken") : Task.FromResult(new TokenValidationResult());
    }

    private sealed class UnreachableConfigurationManager : IConfigurationManager<OpenIdConnectConfiguration>
    {
        public Task<OpenIdConnectConfiguration> GetConfigurationAsync(CancellationToken cancel) => throw new HttpRequestException("out of reach");

        public void RequestRefresh()
        {
        }
    }

    /// <summary>Not a BaseConfigurationManager: JwtBearer asks it by itself.</summary>
    private sealed class OwnConfigurationManager(OpenIdConnectConfiguration configuration) : IConfigurationManager<OpenIdConnectConfiguration>
    {
        public Task<OpenIdConnectConfiguration> GetConfigurationAsync(CancellationToken cancel) => Task.FromResult(configuration);

        public void RequestRefresh()
        {
        }
    }
}
