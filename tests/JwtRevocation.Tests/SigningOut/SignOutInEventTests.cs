using System.Net;
using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.IdentityModel.Tokens;

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

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Of_a_token_whose_user_the_event_has_put_in_place_revokes_it(bool later)
    {
        bool isDisabled = true;
        await using TestApi api = await StartAsync(new()
        {
            OnTokenValidated = async context =>
            {
                if (isDisabled)
                {
                    await YieldIf(later);
                    context.HttpContext.User = context.Principal!;
                    await context.HttpContext.SignOutAsync();
                }
            },
        });
        string token = TestTokens.Create();
        (await api.StatusAsync(token)).Should().Be(HttpStatusCode.OK);

        isDisabled = false;
        (await api.StatusAsync(token)).Should().Be(HttpStatusCode.Unauthorized);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Is_over_where_somebody_else_has_put_a_user_in_place(bool later)
    {
        await using TestApi api = await TestApi.StartAsync(
            bearer => bearer.Events = new()
            {
                OnAuthenticationFailed = async context =>
                {
                    await YieldIf(later);
                    await context.HttpContext.SignOutAsync();
                },
            },
            endpoints: app =>
            {
                app.Use((context, next) =>
                {
                    context.User = new(new ClaimsIdentity([new("sub", "alice")], "Windows"));
                    return next(context);
                });
                app.UseAuthentication();
                app.UseAuthorization();
                app.MapGet("/open", () => "open");
            });

        (await api.StatusAsync("not.a.token", "/open")).Should().Be(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task In_a_transformation_of_claims_revokes_the_token(bool policyNamesScheme)
    {
        Transformation transformation = new();
        await using TestApi api = await TestApi.StartAsync(
            services: services => services.AddHttpContextAccessor().AddSingleton<IClaimsTransformation>(provider =>
            {
                transformation.Accessor = provider.GetRequiredService<IHttpContextAccessor>();
                return transformation;
            }),
            endpoints: app => app.MapGet("/policy", () => TypedResults.Ok()).RequireAuthorization(
                policyNamesScheme ? new AuthorizationPolicyBuilder("Bearer").RequireAuthenticatedUser().Build() : new AuthorizationPolicyBuilder().RequireAuthenticatedUser().Build()));
        string token = TestTokens.Create();
        transformation.SignsOut = true;
        (await api.StatusAsync(token, "/policy")).Should().Be(HttpStatusCode.OK);

        transformation.SignsOut = false;
        (await api.StatusAsync(token)).Should().Be(HttpStatusCode.Unauthorized);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_token_that_the_event_refuses_by_throwing_signs_nobody_out(bool later)
    {
        // Bound to a key, say, and stolen.
        await using TestApi api = await TestApi.StartAsync(
            bearer => bearer.Events = new()
            {
                OnTokenValidated = async context =>
                {
                    await YieldIf(later);
                    if (!context.Request.Headers.ContainsKey("Proof"))
                    {
                        throw new SecurityTokenException("There is no proof of possession.");
                    }
                },
                OnAuthenticationFailed = context =>
                {
                    context.NoResult();
                    return Task.CompletedTask;
                },
            },
            endpoints: app => app.MapPost("/everywhere", () => TypedResults.SignOut(SignOutScope.Everywhere())));
        string stolen = TestTokens.Create();
        using HttpRequestMessage request = new(HttpMethod.Get, "/me");
        request.Headers.Add("Authorization", $"Bearer {TestTokens.Create()}");
        request.Headers.Add("Proof", "given");

        using HttpResponseMessage attack = await api.SignOutAsync(stolen, "/everywhere");

        attack.StatusCode.Should().Be(HttpStatusCode.Unauthorized);
        using HttpResponseMessage response = await api.Client.SendAsync(request, TestContext.Current.CancellationToken);
        response.StatusCode.Should().Be(HttpStatusCode.OK);
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

    private sealed class Transformation : IClaimsTransformation
    {
        public IHttpContextAccessor? Accessor { get; set; }

        public bool SignsOut { get; set; }

        public async Task<ClaimsPrincipal> TransformAsync(ClaimsPrincipal principal)
        {
            if (SignsOut)
            {
                await Accessor!.HttpContext!.SignOutAsync();
            }

            return principal.Clone();
        }
    }
}
