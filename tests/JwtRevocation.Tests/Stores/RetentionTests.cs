using System.IdentityModel.Tokens.Jwt;
using System.Net;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace JwtRevocation.Tests.Stores;

/// <summary>A revocation outlives every moment at which its token could be accepted.</summary>
public sealed class RetentionTests
{
    [Fact]
    public async Task Revoked_one_second_before_exp_it_is_refused_until_exp_plus_skew()
    {
        // IdentityModel's own clock cannot be set, so the token has expired already, within the skew; the store's clock
        // is set to the moments that matter, and its sweeps run on the way.
        DateTimeOffset expires = DateTimeOffset.FromUnixTimeSeconds(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() - 60);
        FakeTimeProvider clock = new(expires - TimeSpan.FromSeconds(1));
        await using TestApi api = await TestApi.StartAsync(services: services => services.AddSingleton<TimeProvider>(clock));
        string token = TestTokens.Create(expires: expires);
        (await api.StatusAsync(token)).Should().Be(HttpStatusCode.OK, "the skew is 5 minutes");

        using HttpResponseMessage signOut = await api.SignOutAsync(token);
        signOut.StatusCode.Should().Be(HttpStatusCode.OK);

        TimeSpan skew = TimeSpan.FromMinutes(5);
        for (TimeSpan past = TimeSpan.Zero; past < skew; past += TimeSpan.FromSeconds(30))
        {
            clock.SetUtcNow(expires + past);
            using HttpResponseMessage refused = await api.GetAsync(token);
            refused.ShouldBeRevoked();
        }

        clock.SetUtcNow(expires + skew - TimeSpan.FromSeconds(1));
        using HttpResponseMessage last = await api.GetAsync(token);
        last.ShouldBeRevoked();
    }

    [Fact]
    public async Task It_is_kept_over_the_largest_skew_of_all_schemes()
    {
        await using TestApi api = await TestApi.StartCoreAsync(services =>
        {
            services.AddAuthentication("Strict")
                .AddJwtBearer("Strict", bearer => TestApi.UseTestTokens(bearer, strict => strict.TokenValidationParameters.ClockSkew = TimeSpan.Zero))
                .AddJwtBearer("Never used", bearer => TestApi.UseTestTokens(bearer, lax => lax.TokenValidationParameters.ClockSkew = TimeSpan.FromHours(2)));
            services.AddJwtRevocation(options => options.RetentionMargin = TimeSpan.FromMinutes(1));
        });
        DateTimeOffset expires = DateTimeOffset.FromUnixTimeSeconds(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() + 60);

        RevocationReceipt receipt = await api.Revoker.RevokeAsync(TestTokens.Create(expires: expires), TestContext.Current.CancellationToken);

        receipt.Expires.Should().Be(expires + TimeSpan.FromHours(2) + TimeSpan.FromMinutes(1));
    }

    public static TheoryData<string> ForGood => ["no exp", "exp is not checked", "the app decides", "a handler of the app decides", "a validator of the app decides"];

    [Theory]
    [MemberData(nameof(ForGood))]
    public async Task It_is_kept_for_good_where_exp_does_not_end_the_token(string why)
    {
        await using TestApi api = await TestApi.StartAsync(bearer =>
        {
            bearer.TokenValidationParameters.RequireExpirationTime = why != "no exp";
            bearer.TokenValidationParameters.ValidateLifetime = why != "exp is not checked";
            bearer.TokenValidationParameters.LifetimeValidator = why == "the app decides" ? (_, _, _, _) => true : null;
            if (why == "a handler of the app decides")
            {
                bearer.TokenHandlers.Insert(0, new PatientHandler());
            }

            bearer.UseSecurityTokenValidators = why == "a validator of the app decides";
#pragma warning disable CS0618 // An app that sets UseSecurityTokenValidators still uses them.
            bearer.SecurityTokenValidators.Insert(0, new PatientHandler());
#pragma warning restore CS0618
        });
        string token = TestTokens.Create(configure: descriptor => descriptor.Expires = why == "no exp" ? null : descriptor.Expires);

        RevocationReceipt receipt = await api.Revoker.RevokeAsync(token, TestContext.Current.CancellationToken);

        receipt.Expires.Should().Be(DateTimeOffset.MaxValue);
        (await api.StatusAsync(token)).Should().Be(HttpStatusCode.Unauthorized);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_greatest_of_times_are_no_error(bool margin)
    {
        await using TestApi api = await TestApi.StartAsync(
            bearer => bearer.TokenValidationParameters.ClockSkew = margin ? TimeSpan.Zero : TimeSpan.MaxValue,
            options: options => options.RetentionMargin = margin ? TimeSpan.MaxValue : TimeSpan.Zero);
        string token = TestTokens.Create();

        using HttpResponseMessage signOut = await api.SignOutAsync(token);

        signOut.StatusCode.Should().Be(HttpStatusCode.OK);
        (await api.StatusAsync(token)).Should().Be(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task It_is_kept_for_good_once_a_copy_of_the_parameters_has_ignored_exp()
    {
        await using TestApi api = await TestApi.StartAsync();
        RevocationReceipt before = await api.Revoker.RevokeAsync(TestTokens.Create(), TestContext.Current.CancellationToken);
        before.Expires.Should().BeBefore(DateTimeOffset.MaxValue);

        // As an endpoint does that takes expired tokens for new ones.
        TokenValidationParameters copy = api.Services.GetRequiredService<IOptionsMonitor<JwtBearerOptions>>().Get("Bearer").TokenValidationParameters.Clone();
        copy.ValidateLifetime = false;
        (await new JsonWebTokenHandler().ValidateTokenAsync(TestTokens.Create(), copy)).IsValid.Should().BeTrue();

        RevocationReceipt after = await api.Revoker.RevokeAsync(TestTokens.Create(), TestContext.Current.CancellationToken);
        after.Expires.Should().Be(DateTimeOffset.MaxValue);
    }

    [Fact]
    public async Task It_is_stored_though_the_clock_says_that_its_token_is_long_past()
    {
        FakeTimeProvider clock = new(TimeProvider.System.GetUtcNow() + TimeSpan.FromDays(1));
        await using TestApi api = await TestApi.StartAsync(services: services => services.AddSingleton<TimeProvider>(clock));
        string token = TestTokens.Create();

        await api.Revoker.RevokeAsync(token, TestContext.Current.CancellationToken);

        (await api.StatusAsync(token)).Should().Be(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task It_is_kept_for_good_where_another_app_has_put_its_own_delegate_into_shared_parameters()
    {
        TokenValidationParameters shared = TestTokens.Parameters();
        shared.LifetimeValidator = (_, _, _, _) => true;
        await using TestApi first = await TestApi.StartAsync(bearer => bearer.TokenValidationParameters = shared);
        await first.StatusAsync(TestTokens.Create());
        await using TestApi second = await TestApi.StartAsync(bearer => bearer.TokenValidationParameters = shared);

        RevocationReceipt receipt = await second.Revoker.RevokeAsync(TestTokens.Create(), TestContext.Current.CancellationToken);

        receipt.Expires.Should().Be(DateTimeOffset.MaxValue);
    }

    [Fact]
    public async Task It_is_kept_for_good_once_a_scheme_with_a_handler_of_the_app_shares_the_parameters()
    {
        TokenValidationParameters shared = TestTokens.Parameters();
        await using TestApi api = await TestApi.StartCoreAsync(services =>
        {
            services.AddAuthentication("Bearer")
                .AddJwtBearer(bearer => bearer.TokenValidationParameters = shared)
                .AddJwtBearer("Patient", bearer =>
                {
                    bearer.TokenValidationParameters = shared;
                    bearer.TokenHandlers.Insert(0, new PatientHandler());
                });
            services.AddJwtRevocation();
        });

        RevocationReceipt receipt = await api.Revoker.RevokeAsync(TestTokens.Create(), TestContext.Current.CancellationToken);

        receipt.Expires.Should().Be(DateTimeOffset.MaxValue);
    }

    /// <summary>Takes a token for a day longer than the parameters say, and asks nobody.</summary>
    private sealed class PatientHandler : JwtSecurityTokenHandler
    {
        protected override void ValidateLifetime(
            DateTime? notBefore, DateTime? expires, JwtSecurityToken jwtToken, TokenValidationParameters validationParameters)
        {
            if (expires < TimeProvider.System.GetUtcNow().AddDays(-1).UtcDateTime)
            {
                throw new SecurityTokenExpiredException();
            }
        }
    }
}
