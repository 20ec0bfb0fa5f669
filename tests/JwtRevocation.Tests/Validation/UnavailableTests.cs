using System.Net;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace JwtRevocation.Tests.Validation;

public sealed class UnavailableTests
{
    [Theory]
    [InlineData(Fault.Unknown)]
    [InlineData(Fault.Throws)]
    [InlineData(Fault.Nonsense)]
    public async Task A_store_that_cannot_answer_is_a_503(Fault fault)
    {
        await using TestApi api = await StartAsync();
        string token = TestTokens.Create();
        StoreOf(api).Fault = fault;

        using HttpResponseMessage response = await api.GetAsync(token);
        response.ShouldBeUnavailable();

        StoreOf(api).Fault = Fault.None;
        (await api.StatusAsync(token)).Should().Be(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData(Fault.Unknown)]
    [InlineData(Fault.Throws)]
    public async Task Lets_nobody_in_where_a_token_is_optional(Fault fault)
    {
        await using TestApi api = await StartAsync();
        StoreOf(api).Fault = fault;

        using HttpResponseMessage response = await api.GetAsync(TestTokens.Create(), "/public");

        (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Should().Be("false");
    }

    [Theory]
    [InlineData(Fault.Unknown)]
    [InlineData(Fault.Throws)]
    public async Task With_Allow_the_request_goes_on(Fault fault)
    {
        await using TestApi api = await StartAsync(options => options.WhenUnavailable = WhenUnavailable.Allow);
        StoreOf(api).Fault = fault;

        (await api.StatusAsync(TestTokens.Create())).Should().Be(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_challenge_of_the_app_does_not_turn_it_into_a_401()
    {
        await using TestApi api = await TestApi.StartAsync(
            bearer => bearer.Events = new()
            {
                OnChallenge = async context =>
                {
                    context.HandleResponse();
                    context.Response.StatusCode = StatusCodes.Status401Unauthorized;
                    await context.Response.WriteAsync("sign in!");
                },
            },
            revocation => revocation.AddStore<FaultyStore>());
        StoreOf(api).Fault = Fault.Unknown;

        using HttpResponseMessage response = await api.GetAsync(TestTokens.Create());

        response.ShouldBeUnavailable();
    }

    [Theory]
    [InlineData("First", "Second")]
    [InlineData("Second", "First")]
    public async Task Nor_does_another_scheme_that_refuses_the_token(string one, string other)
    {
        await using TestApi api = await TestApi.StartCoreAsync(
            services =>
            {
                services.AddAuthentication()
                    .AddJwtBearer("First", bearer => TestApi.UseTestTokens(bearer))
                    .AddJwtBearer("Second", bearer => TestApi.UseTestTokens(bearer, second => second.TokenValidationParameters.ValidIssuer = "https://another.test"));
                services.AddJwtRevocation().AddStore<FaultyStore>();
            },
            app => app.MapGet("/both", () => "in").RequireAuthorization(new AuthorizationPolicyBuilder(one, other).RequireAuthenticatedUser().Build()));
        string token = TestTokens.Create();
        (await api.StatusAsync(token, "/both")).Should().Be(HttpStatusCode.OK);
        StoreOf(api).Fault = Fault.Unknown;

        using HttpResponseMessage response = await api.GetAsync(token, "/both");

        response.StatusCode.Should().Be(HttpStatusCode.ServiceUnavailable);
    }

    [Theory]
    [InlineData("Bearer", "Cookies")]
    [InlineData("Cookies", "Bearer")]
    public async Task Nor_does_a_scheme_that_redirects(string one, string other)
    {
        await using TestApi api = await TestApi.StartCoreAsync(
            services =>
            {
                services.AddAuthentication().AddCookie("Cookies").AddJwtBearer("Bearer", bearer => TestApi.UseTestTokens(bearer));
                services.AddJwtRevocation().AddStore<FaultyStore>();
            },
            app => app.MapGet("/both", () => "in").RequireAuthorization(new AuthorizationPolicyBuilder(one, other).RequireAuthenticatedUser().Build()));
        StoreOf(api).Fault = Fault.Unknown;

        using HttpResponseMessage response = await api.GetAsync(TestTokens.Create(), "/both");

        response.ShouldBeUnavailable();
        response.Headers.Location.Should().BeNull();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task It_is_found_among_the_failures_of_several_handlers(bool wrapped)
    {
        await using TestApi api = await TestApi.StartAsync(
            bearer => bearer.TokenHandlers.Insert(0, new FailingHandler(wrapped)),
            revocation => revocation.AddStore<FaultyStore>());
        string token = TestTokens.Create();
        StoreOf(api).Fault = Fault.Unknown;
        using HttpResponseMessage unknown = await api.GetAsync(token);
        unknown.ShouldBeUnavailable();

        StoreOf(api).Fault = Fault.None;
        using HttpResponseMessage signOut = await api.SignOutAsync(token);
        using HttpResponseMessage refused = await api.GetAsync(token);
        refused.Challenge().Should().Contain("The token was revoked");
    }

    [Fact]
    public async Task A_sign_out_that_fails_after_the_response_has_started_is_no_quiet_success()
    {
        await using TestApi api = await StartAsync(endpoints: app => app.MapPost("/late", async (HttpContext context) =>
        {
            await context.Response.WriteAsync("so far so good");
            await context.Response.Body.FlushAsync();
            await Microsoft.AspNetCore.Authentication.AuthenticationHttpContextExtensions.SignOutAsync(context);
        }).RequireAuthorization());
        StoreOf(api).RevokeFails = true;

        Func<Task> signOut = async () =>
        {
            using HttpResponseMessage response = await api.SignOutAsync(TestTokens.Create(), "/late");
            await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        };

        await signOut.Should().ThrowAsync<Exception>();
    }

    [Fact]
    public async Task A_revocation_that_was_not_stored_is_no_sign_out_whatever_the_endpoint_goes_on_to_say()
    {
        await using TestApi api = await StartAsync(endpoints: app => app.MapPost("/cheerful", async (HttpContext context) =>
        {
            await Microsoft.AspNetCore.Authentication.AuthenticationHttpContextExtensions.SignOutAsync(context);
            return TypedResults.Ok("Good bye!");
        }).RequireAuthorization());
        string token = TestTokens.Create();
        StoreOf(api).RevokeFails = true;

        foreach (string path in new[] { "/sign-out", "/cheerful" })
        {
            using HttpResponseMessage response = await api.SignOutAsync(token, path);
            response.ShouldBeUnavailable();
        }

        StoreOf(api).RevokeFails = false;
        using HttpResponseMessage again = await api.SignOutAsync(token);
        again.StatusCode.Should().Be(HttpStatusCode.OK);
    }

    [Fact]
    public async Task The_revoker_tells_the_truth()
    {
        await using TestApi api = await StartAsync();
        StoreOf(api).RevokeFails = true;

        Func<Task> revoke = () => api.Revoker.RevokeAsync(TestTokens.Create(), TestContext.Current.CancellationToken);

        (await revoke.Should().ThrowAsync<RevocationFailedException>()).WithInnerException<IOException>();
    }

    private static Task<TestApi> StartAsync(Action<JwtRevocationOptions>? options = null, Action<WebApplication>? endpoints = null) =>
        TestApi.StartAsync(revocation: builder => builder.AddStore<FaultyStore>(), options: options, endpoints: endpoints);

    private static FaultyStore StoreOf(TestApi api) => (FaultyStore)api.Services.GetRequiredService<IRevokedTokenStore>();

    private sealed class FailingHandler(bool wrapped) : Microsoft.IdentityModel.Tokens.TokenHandler
    {
        // Either only its own failure, or around that of the handler which it has asked.
        public override async Task<Microsoft.IdentityModel.Tokens.TokenValidationResult> ValidateTokenAsync(
            string token, Microsoft.IdentityModel.Tokens.TokenValidationParameters validationParameters)
        {
            Exception? inner = wrapped
                ? (await new Microsoft.IdentityModel.JsonWebTokens.JsonWebTokenHandler().ValidateTokenAsync(token, validationParameters)).Exception
                : null;
            return new() { Exception = new InvalidOperationException("not mine", inner) };
        }
    }
}
