using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

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

    public static TheoryData<string> ForGood => ["no exp", "exp is not checked", "the app decides"];

    [Theory]
    [MemberData(nameof(ForGood))]
    public async Task It_is_kept_for_good_where_exp_does_not_end_the_token(string why)
    {
        await using TestApi api = await TestApi.StartAsync(bearer =>
        {
            bearer.TokenValidationParameters.RequireExpirationTime = why != "no exp";
            bearer.TokenValidationParameters.ValidateLifetime = why != "exp is not checked";
            bearer.TokenValidationParameters.LifetimeValidator = why == "the app decides" ? (_, _, _, _) => true : null;
        });
        string token = TestTokens.Create(configure: descriptor => descriptor.Expires = why == "no exp" ? null : descriptor.Expires);

        RevocationReceipt receipt = await api.Revoker.RevokeAsync(token, TestContext.Current.CancellationToken);

        receipt.Expires.Should().Be(DateTimeOffset.MaxValue);
        (await api.StatusAsync(token)).Should().Be(HttpStatusCode.Unauthorized);
    }
}
