using System.Net;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace JwtRevocation.Tests.SigningOut;

/// <summary>An event of JwtBearer that signs out, while the scheme is busy with the request.</summary>
public sealed class SignOutInEventTests
{
    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task Of_a_token_that_was_validated_revokes_that_token(bool later, bool fails)
    {
        bool isDisabled = false;
        await using TestApi api = await StartAsync(new()
        {
            OnTokenValidated = async context =>
            {
                if (isDisabled)
                {
                    await YieldIf(later);
                    if (fails)
                    {
                        context.Fail("The user is disabled.");
                    }

                    await context.HttpContext.SignOutAsync();
                }
            },
        });
        string token = TestTokens.Create();
        string other = TestTokens.Create();
        isDisabled = true;
        (await api.StatusAsync(token)).Should().Be(fails ? HttpStatusCode.Unauthorized : HttpStatusCode.OK);
        isDisabled = false;

        using HttpResponseMessage refused = await api.GetAsync(token);
        refused.ShouldBeRevoked();
        (await api.StatusAsync(other)).Should().Be(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Of_a_token_that_was_refused_is_over_and_changes_nothing(bool later)
    {
        int signOuts = 0;
        await using TestApi api = await StartAsync(new()
        {
            OnAuthenticationFailed = async context =>
            {
                await YieldIf(later);
                signOuts++;
                await context.HttpContext.SignOutAsync();
            },
        });

        using HttpResponseMessage refused = await api.GetAsync("not.a.token");

        refused.StatusCode.Should().Be(HttpStatusCode.Unauthorized);
        refused.Headers.WwwAuthenticate.Should().ContainSingle().Which.Parameter.Should().Contain("invalid_token");
        signOuts.Should().Be(1);
        (await api.StatusAsync("not.a.token", "/open")).Should().Be(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Of_a_challenge_is_over_and_changes_nothing(bool later)
    {
        int signOuts = 0;
        await using TestApi api = await StartAsync(new()
        {
            OnChallenge = async context =>
            {
                await YieldIf(later);
                signOuts++;
                await context.HttpContext.SignOutAsync();
            },
        });

        using HttpResponseMessage refused = await api.GetAsync("not.a.token");

        refused.StatusCode.Should().Be(HttpStatusCode.Unauthorized);
        refused.Headers.WwwAuthenticate.Should().ContainSingle().Which.Parameter.Should().Contain("invalid_token");
        signOuts.Should().Be(1);
    }

    [Fact]
    public async Task Of_a_message_that_was_received_is_over_and_says_that_nobody_was_signed_in()
    {
        await using TestApi api = await StartAsync(new() { OnMessageReceived = static context => context.HttpContext.SignOutAsync() });

        using HttpResponseMessage response = await api.GetAsync(TestTokens.Create());

        response.StatusCode.Should().Be(HttpStatusCode.Unauthorized);
        api.Services.GetRequiredService<IRevokedTokenStore>().Should().BeOfType<InMemoryRevokedTokenStore>().Which.Count.Should().Be(0);
    }

    // As with Identity: its external logins are the default scheme for signing in and out, and the API's users have JWTs.
    private static Task<TestApi> StartAsync(JwtBearerEvents events) => TestApi.StartCoreAsync(
        services =>
        {
            services.AddAuthentication(options => options.DefaultSignInScheme = "External").AddCookie("External");
            services.AddAuthentication("Bearer").AddJwtBearer(bearer => TestApi.UseTestTokens(bearer, more => more.Events = events));
            services.AddJwtRevocation();
        },
        app => app.MapGet("/open", () => "open"));

    private static Task YieldIf(bool later) => later ? Task.Run(static () => { }) : Task.CompletedTask;
}
