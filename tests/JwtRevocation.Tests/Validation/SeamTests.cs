using System.IdentityModel.Tokens.Jwt;
using System.Net;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;

namespace JwtRevocation.Tests.Validation;

/// <summary>The places in the handlers where the validator is called in an unexpected state.</summary>
public sealed class SeamTests
{
    [Theory]
    [InlineData(false, Fault.None)]
    [InlineData(false, Fault.Unknown)]
    [InlineData(false, Fault.Throws)]
    [InlineData(true, Fault.None)]
    [InlineData(true, Fault.Unknown)]
    [InlineData(true, Fault.Throws)]
    public async Task A_new_signing_key_is_fetched_whatever_the_store_says(bool securityTokenValidators, Fault fault)
    {
        SigningCredentials oldKey = new(new RsaSecurityKey(RSA.Create(2048)) { KeyId = "old" }, "RS256");
        SigningCredentials newKey = new(new RsaSecurityKey(RSA.Create(2048)) { KeyId = "new" }, "RS256");
        RollingKeys keys = new(oldKey.Key);
        await using TestApi api = await TestApi.StartAsync(
            bearer =>
            {
                bearer.UseSecurityTokenValidators = securityTokenValidators;
                bearer.TokenValidationParameters = new() { ValidAudience = TestTokens.Audience, ValidIssuer = TestTokens.Issuer };
                bearer.ConfigurationManager = keys;
            },
            revocation => revocation.AddStore<FaultyStore>());
        FaultyStore store = (FaultyStore)api.Services.GetRequiredService<IRevokedTokenStore>();
        (await api.StatusAsync(TestTokens.Create(credentials: oldKey))).Should().Be(HttpStatusCode.OK);
        keys.Published = newKey.Key;
        store.Fault = fault;

        using HttpResponseMessage first = await api.GetAsync(TestTokens.Create(credentials: newKey));
        first.StatusCode.Should().Be(HttpStatusCode.Unauthorized);
        first.Challenge().Should().Contain("The signature key was not found");
        keys.Refreshes.Should().BeGreaterThan(0);

        store.Fault = Fault.None;
        (await api.StatusAsync(TestTokens.Create(credentials: newKey))).Should().Be(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_revoked_token_is_refused_when_the_signature_is_verified_last(bool securityTokenValidators)
    {
        await using TestApi api = await TestApi.StartAsync(bearer =>
        {
            bearer.UseSecurityTokenValidators = securityTokenValidators;
            bearer.TokenValidationParameters.ValidateSignatureLast = true;
        });
        await AssertSignOutHoldsAsync(api, TestTokens.Create());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_revoked_token_is_refused_when_the_app_verifies_signatures_itself(bool securityTokenValidators)
    {
        await using TestApi api = await TestApi.StartAsync(bearer =>
        {
            bearer.UseSecurityTokenValidators = securityTokenValidators;
            bearer.TokenValidationParameters.SignatureValidator = (token, _) =>
                securityTokenValidators ? new JwtSecurityToken(token) : new JsonWebToken(token);
        });
        await AssertSignOutHoldsAsync(api, TestTokens.Create());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Or_does_so_with_the_configuration_at_hand(bool securityTokenValidators)
    {
        await using TestApi api = await TestApi.StartAsync(bearer =>
        {
            bearer.UseSecurityTokenValidators = securityTokenValidators;
            bearer.TokenValidationParameters.SignatureValidatorUsingConfiguration = (token, _, _) =>
                securityTokenValidators ? new JwtSecurityToken(token) : new JsonWebToken(token);
        });
        await AssertSignOutHoldsAsync(api, TestTokens.Create());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_unsigned_token_can_be_signed_out_where_the_app_takes_such(bool securityTokenValidators)
    {
        await using TestApi api = await TestApi.StartAsync(bearer =>
        {
            bearer.UseSecurityTokenValidators = securityTokenValidators;
            bearer.TokenValidationParameters.RequireSignedTokens = false;
        });
        string other = TestTokens.CreateUnsigned();
        await AssertSignOutHoldsAsync(api, TestTokens.CreateUnsigned());
        (await api.StatusAsync(other)).Should().Be(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_revoked_token_is_refused_under_a_handler_that_leaves_no_signing_key()
    {
        await using TestApi api = await TestApi.StartAsync(bearer =>
        {
            bearer.TokenHandlers.Clear();
            bearer.TokenHandlers.Add(new HandlerOfTheApp());
        });
        await AssertSignOutHoldsAsync(api, TestTokens.Create());
    }

    [Fact]
    public async Task Or_under_one_that_asks_no_lifetime_validator()
    {
        await using TestApi api = await TestApi.StartAsync(bearer =>
        {
            bearer.TokenHandlers.Clear();
            bearer.TokenHandlers.Add(new HandlerWithoutTimes());
        });
        await AssertSignOutHoldsAsync(api, TestTokens.Create());
    }

    [Fact]
    public async Task Or_under_one_whose_tokens_are_no_JWTs_which_nobody_could_revoke()
    {
        await using TestApi api = await TestApi.StartAsync(bearer =>
        {
            bearer.TokenHandlers.Clear();
            bearer.TokenHandlers.Add(new HandlerOfAnotherType());
        });

        (await api.StatusAsync("anything")).Should().Be(HttpStatusCode.Unauthorized);
    }

    [Theory]
    [InlineData("Stock")]
    [InlineData("Own")]
    public async Task Parameters_that_two_schemes_share_are_as_careful_as_either_needs(string first)
    {
        TokenValidationParameters shared = TestTokens.Parameters();
        await using TestApi api = await TestApi.StartCoreAsync(
            services =>
            {
                services.AddAuthentication(first)
                    .AddJwtBearer("Stock", bearer => TestApi.UseTestTokens(bearer, stock => stock.TokenValidationParameters = shared))
                    .AddJwtBearer("Own", bearer => TestApi.UseTestTokens(bearer, own =>
                    {
                        own.TokenValidationParameters = shared;
                        own.TokenHandlers.Clear();
                        own.TokenHandlers.Add(new HandlerOfTheApp());
                    }));
                services.AddJwtRevocation();
            },
            app => app.MapGet("/own", () => "in").RequireAuthorization(new AuthorizationPolicyBuilder("Own").RequireAuthenticatedUser().Build()));
        string token = TestTokens.Create();
        await AssertSignOutHoldsAsync(api, token);

        (await api.StatusAsync(token, "/own")).Should().Be(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Parameters_that_the_app_puts_in_place_for_a_request_do_not_let_a_revoked_token_pass()
    {
        await using TestApi api = await TestApi.StartAsync(bearer => bearer.Events = new()
        {
            OnMessageReceived = context =>
            {
                context.Options.TokenValidationParameters = TestTokens.Parameters();
                return Task.CompletedTask;
            },
        });
        await AssertSignOutHoldsAsync(api, TestTokens.Create());
    }

    [Fact]
    public async Task Nor_do_they_while_somebody_else_signs_out()
    {
        // The key of the request's own parameters takes a moment, in which others have theirs in the options.
        using SemaphoreSlim looksUp = new(0);
        TaskCompletionSource goesOn = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using TestApi api = await TestApi.StartAsync(bearer => bearer.Events = new()
        {
            OnMessageReceived = context =>
            {
                TokenValidationParameters own = TestTokens.Parameters();
                if (context.Request.Headers.ContainsKey("Slow"))
                {
                    own.IssuerSigningKeys = null;
                    own.IssuerSigningKeyResolver = (_, _, _, _) =>
                    {
                        looksUp.Release();
                        goesOn.Task.Wait();
                        return TestKeys.All;
                    };
                }

                context.Options.TokenValidationParameters = own;
                return Task.CompletedTask;
            },
        });
        string token = TestTokens.Create();
        await AssertSignOutHoldsAsync(api, token);
        using HttpRequestMessage request = new(HttpMethod.Get, "/me");
        request.Headers.Add("Authorization", $"Bearer {token}");
        request.Headers.Add("Slow", "yes");
        Task<HttpResponseMessage> slow = Task.Run(() => api.Client.SendAsync(request, TestContext.Current.CancellationToken));
        await looksUp.WaitAsync(TestContext.Current.CancellationToken);

        await AssertSignOutHoldsAsync(api, TestTokens.Create());

        goesOn.SetResult();
        using HttpResponseMessage response = await slow;
        response.StatusCode.Should().Be(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Nor_do_they_while_somebody_else_puts_the_protected_ones_back()
    {
        using SemaphoreSlim looksUp = new(0);
        TaskCompletionSource goesOn = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TokenValidationParameters? original = null;
        bool isSlow = false;
        await using TestApi api = await TestApi.StartAsync(bearer => bearer.Events = new()
        {
            OnMessageReceived = context =>
            {
                original ??= context.Options.TokenValidationParameters;
                TokenValidationParameters own = TestTokens.Parameters();
                own.IssuerSigningKeys = null;
                own.IssuerSigningKeyResolver = (_, _, _, _) =>
                {
                    if (Volatile.Read(ref isSlow))
                    {
                        looksUp.Release();
                        goesOn.Task.Wait();
                    }

                    return TestKeys.All;
                };
                context.Options.TokenValidationParameters = context.Request.Headers.ContainsKey("Tenant") ? own : original;
                return Task.CompletedTask;
            },
        });
        string token = TestTokens.Create();
        await AssertSignOutHoldsAsync(api, token);
        (await OfTenantAsync()).Should().Be(HttpStatusCode.Unauthorized);
        Volatile.Write(ref isSlow, true);
        Task<HttpStatusCode> slow = Task.Run(OfTenantAsync);
        await looksUp.WaitAsync(TestContext.Current.CancellationToken);

        (await api.StatusAsync(TestTokens.Create())).Should().Be(HttpStatusCode.OK);

        goesOn.SetResult();
        (await slow).Should().Be(HttpStatusCode.Unauthorized);

        async Task<HttpStatusCode> OfTenantAsync()
        {
            using HttpRequestMessage request = new(HttpMethod.Get, "/me");
            request.Headers.Add("Authorization", $"Bearer {token}");
            request.Headers.Add("Tenant", "b");
            using HttpResponseMessage response = await api.Client.SendAsync(request, TestContext.Current.CancellationToken);
            return response.StatusCode;
        }
    }

    [Fact]
    public async Task Nor_do_options_that_were_put_into_the_cache()
    {
        await using TestApi api = await TestApi.StartAsync();
        JwtBearerOptions options = new();
        TestApi.UseTestTokens(options);
        api.Services.GetRequiredService<IOptionsMonitorCache<JwtBearerOptions>>().TryAdd("Dynamic", options).Should().BeTrue();
        api.Services.GetRequiredService<IAuthenticationSchemeProvider>().AddScheme(new("Dynamic", null, typeof(JwtBearerHandler)));
        string token = TestTokens.Create();

        await api.Revoker.RevokeAsync(token, TestContext.Current.CancellationToken);

        DefaultHttpContext context = new() { RequestServices = api.Services };
        context.Request.Headers.Authorization = $"Bearer {token}";
        (await context.AuthenticateAsync("Dynamic")).Failure.Should().BeOfType<SecurityTokenRevokedException>();
    }

    [Fact]
    public async Task A_revoked_actor_is_refused()
    {
        TokenValidationParameters actorParameters = TestTokens.Parameters();
        await using TestApi api = await TestApi.StartAsync(bearer =>
        {
            bearer.TokenValidationParameters.ValidateActor = true;
            bearer.TokenValidationParameters.ActorValidationParameters = actorParameters;
        });
        string actor = TestTokens.Create(subject: "actor");
        string token = TestTokens.Create(configure: descriptor => descriptor.Claims["actort"] = actor);
        (await api.StatusAsync(token)).Should().Be(HttpStatusCode.OK);

        await api.Revoker.RevokeAsync(actor, TestContext.Current.CancellationToken);

        (await api.StatusAsync(token)).Should().Be(HttpStatusCode.Unauthorized);

        // And the token that carries it can still be revoked, by an operator too.
        await api.Revoker.RevokeAsync(token, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task The_apps_own_transform_stays_in_force_and_what_it_makes_is_what_counts()
    {
        await using TestApi api = await TestApi.StartAsync(bearer => bearer.TokenValidationParameters.TransformBeforeSignatureValidation =
            (token, _) => new JsonWebToken(((JsonWebToken)token).GetPayloadValue<string>("within")));
        string within = TestTokens.Create();
        await AssertSignOutHoldsAsync(api, Wrap(within));
        (await api.StatusAsync(Wrap(TestTokens.Create()))).Should().Be(HttpStatusCode.OK);

        using HttpResponseMessage refused = await api.GetAsync(Wrap(within));
        refused.ShouldBeRevoked();

        static string Wrap(string token) => TestTokens.Create(configure: descriptor => descriptor.Claims["within"] = token);
    }

    [Fact]
    public void A_token_of_another_type_is_refused_because_nobody_could_revoke_it()
    {
        using ServiceProvider services = new ServiceCollection().AddJwtRevocation().Services.BuildServiceProvider();
        TokenValidationParameters parameters = TestTokens.Parameters().AddJwtRevocation(services);

        foreach (SecurityToken? token in new SecurityToken?[] { null, new NotAJwt { SigningKey = TestKeys.All[0] }, new JwtSecurityToken(issuer: "never encoded") { SigningKey = TestKeys.All[0] } })
        {
            Action validate = () => Validators.ValidateLifetime(null, TimeProvider.System.GetUtcNow().AddHours(1).UtcDateTime, token!, parameters);
            validate.Should().Throw<SecurityTokenInvalidTypeException>().WithMessage("*cannot be revoked*");
        }
    }

    [Fact]
    public async Task Malformed_tokens_are_a_401()
    {
        await using TestApi api = await TestApi.StartAsync();
        string token = TestTokens.Create();
        foreach (string malformed in new[] { ".", "..", "...", "....", "a", "a.b", "a.b.c", "eyJhbGciOiJIUzI1NiJ9..", token + ".", token.Replace('.', ' '), new string('A', 10_000), "é.é.é" })
        {
            (await api.StatusAsync(malformed)).Should().Be(HttpStatusCode.Unauthorized, "of {0}", malformed);
        }
    }

    [Fact]
    public async Task Without_JwtBearer_a_revoked_token_is_refused_too()
    {
        using ServiceProvider services = new ServiceCollection().AddJwtRevocation().Services.BuildServiceProvider();
        TokenValidationParameters parameters = TestTokens.Parameters().AddJwtRevocation(services);
        JsonWebTokenHandler handler = new();
        string token = TestTokens.Create();
        TokenValidationResult valid = await handler.ValidateTokenAsync(token, parameters);
        valid.IsValid.Should().BeTrue();

        await services.GetRequiredService<ITokenRevoker>().RevokeAsync(valid.SecurityToken, TestContext.Current.CancellationToken);

        (await handler.ValidateTokenAsync(token + "=", parameters)).Exception.Should().BeOfType<SecurityTokenRevokedException>();
        Action older = () => new JwtSecurityTokenHandler().ValidateToken(token, parameters, out _);
        older.Should().Throw<SecurityTokenRevokedException>();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_app_that_has_ended_does_not_decide_for_another_one_that_shares_its_parameters(bool cameLater)
    {
        TokenValidationParameters shared = TestTokens.Parameters();
        FaultyStore store = new();
        Task<TestApi> StartAsync(bool ends) => TestApi.StartAsync(
            bearer => bearer.TokenValidationParameters = shared,
            revocation =>
            {
                if (ends)
                {
                    revocation.AddStore(_ => store);
                }
            });
        TestApi first = await StartAsync(ends: !cameLater);
        (await first.StatusAsync(TestTokens.Create())).Should().Be(HttpStatusCode.OK);
        TestApi second = await StartAsync(ends: cameLater);
        (await second.StatusAsync(TestTokens.Create())).Should().Be(HttpStatusCode.OK);
        (TestApi ends, TestApi lives) = cameLater ? (second, first) : (first, second);
        await using TestApi _ = lives;
        store.Fault = Fault.Unknown;
        (await lives.StatusAsync(TestTokens.Create())).Should().NotBe(HttpStatusCode.OK, "what both share, both protect");

        await ends.DisposeAsync();

        await AssertSignOutHoldsAsync(lives, TestTokens.Create());
    }

    private static async Task AssertSignOutHoldsAsync(TestApi api, string token)
    {
        (await api.StatusAsync(token)).Should().Be(HttpStatusCode.OK);
        using HttpResponseMessage signOut = await api.SignOutAsync(token);
        signOut.StatusCode.Should().Be(HttpStatusCode.OK);
        using HttpResponseMessage refused = await api.GetAsync(token);
        refused.ShouldBeRevoked();
    }

    /// <summary>Verifies by itself, asks IdentityModel about the times, and never says which key it was.</summary>
    private sealed class HandlerOfTheApp : TokenHandler
    {
        public override async Task<TokenValidationResult> ValidateTokenAsync(string token, TokenValidationParameters validationParameters)
        {
            TokenValidationParameters signatureOnly = TestTokens.Parameters();
            TokenValidationResult result = await new JsonWebTokenHandler().ValidateTokenAsync(token, signatureOnly);
            JsonWebToken read = new(token);
            try
            {
                Validators.ValidateLifetime(null, read.ValidTo, read, validationParameters);
                return new() { IsValid = result.IsValid, SecurityToken = read, ClaimsIdentity = result.ClaimsIdentity, Exception = result.Exception };
            }
            catch (SecurityTokenException exception)
            {
                return new() { Exception = exception };
            }
        }
    }

    private sealed class HandlerWithoutTimes : TokenHandler
    {
        public override Task<TokenValidationResult> ValidateTokenAsync(string token, TokenValidationParameters validationParameters) =>
            new JsonWebTokenHandler().ValidateTokenAsync(token, TestTokens.Parameters());
    }

    private sealed class HandlerOfAnotherType : TokenHandler
    {
        public override Task<TokenValidationResult> ValidateTokenAsync(string token, TokenValidationParameters validationParameters) =>
            Task.FromResult(new TokenValidationResult { IsValid = true, SecurityToken = new NotAJwt(), ClaimsIdentity = new("test") });
    }

    private sealed class RollingKeys(SecurityKey first) : IConfigurationManager<OpenIdConnectConfiguration>
    {
        private SecurityKey _known = first;

        public SecurityKey Published { get; set; } = first;

        public int Refreshes { get; private set; }

        public Task<OpenIdConnectConfiguration> GetConfigurationAsync(CancellationToken cancel)
        {
            OpenIdConnectConfiguration configuration = new() { Issuer = TestTokens.Issuer };
            configuration.SigningKeys.Add(_known);
            return Task.FromResult(configuration);
        }

        public void RequestRefresh()
        {
            Refreshes++;
            _known = Published;
        }
    }
}
