using System.Net;
using System.Text;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using static JwtRevocation.Tests.Endpoints.BackChannelLogoutProvider;

namespace JwtRevocation.Tests.Endpoints;

public sealed class BackChannelLogoutTests
{
    [Fact]
    public async Task A_session_is_logged_out_and_no_other()
    {
        await using TestApi api = await StartAsync();
        string ended = AccessToken("session-1");
        string other = AccessToken("session-2");
        (await api.StatusAsync(ended)).Should().Be(HttpStatusCode.OK);

        await api.ShouldTakeAsync(Create());

        using HttpResponseMessage refused = await api.GetAsync(ended);
        refused.ShouldBeRevoked();
        (await api.StatusAsync(other)).Should().Be(HttpStatusCode.OK);

        // Not even a token of it that is issued later, from a refresh that was under way.
        (await api.StatusAsync(AccessToken("session-1", issuedAt: TimeProvider.System.GetUtcNow().AddMinutes(1)))).Should().Be(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Without_a_session_all_of_the_user_are_logged_out_and_nobody_else()
    {
        await using TestApi api = await StartAsync();
        string first = AccessToken("session-1");
        string second = AccessToken("session-2");
        string bob = AccessToken("session-3", "bob");

        await api.ShouldTakeAsync(CreateForSubject());

        (await api.StatusAsync(first)).Should().Be(HttpStatusCode.Unauthorized);
        (await api.StatusAsync(second)).Should().Be(HttpStatusCode.Unauthorized);
        (await api.StatusAsync(bob)).Should().Be(HttpStatusCode.OK);
        (await api.StatusAsync(AccessToken("session-4", issuedAt: TimeProvider.System.GetUtcNow().AddSeconds(2)))).Should().Be(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_user_who_is_logged_out_already_is_logged_out_successfully()
    {
        await using TestApi api = await StartAsync();

        await api.ShouldTakeAsync(Create());
        await api.ShouldTakeAsync(Create());
        await api.ShouldTakeAsync(CreateForSubject());
        await api.ShouldTakeAsync(CreateForSubject());

        api.Count().Should().Be(2);
    }

    [Fact]
    public async Task The_revocation_says_why_and_by_whom()
    {
        await using TestApi api = await StartAsync();
        await api.ShouldTakeAsync(Create());
        await api.ShouldTakeAsync(CreateForSubject());

        List<Revocation> revocations = [];
        await foreach (Revocation revocation in api.Services.GetRequiredService<IRevokedTokenStore>().GetRevocationsAsync(TestContext.Current.CancellationToken))
        {
            revocations.Add(revocation);
        }

        revocations.Select(revocation => revocation.Target).Should().BeEquivalentTo(
            [RevocationTarget.Session(TestTokens.Issuer, "session-1"), RevocationTarget.Subject(TestTokens.Issuer, "alice")]);
        revocations.Should().OnlyContain(revocation => revocation.Reason == "OpenID Connect Back-Channel Logout" && revocation.Actor == TestTokens.Issuer);
    }

    [Fact]
    public async Task Other_parameters_are_ignored()
    {
        await using TestApi api = await StartAsync();
        using FormUrlEncodedContent form = new([new("state", "s"), new("logout_token", Create()), new("logout_token_hint", "h")]);
        using HttpResponseMessage response = await api.PostAsync(form);

        response.StatusCode.Should().Be(HttpStatusCode.OK);
    }

    public static TheoryData<string, string> WrongBodies => new()
    {
        { "application/x-www-form-urlencoded", "" },
        { "application/x-www-form-urlencoded", "logout_token=" },
        { "application/x-www-form-urlencoded", "id_token={0}" },
        { "application/x-www-form-urlencoded", "logout_token={0}&logout_token={0}" },
        { "application/x-www-form-urlencoded", "logout_token[]={0}" },
        { "application/json", "{{\"logout_token\":\"{0}\"}}" },
        { "text/plain", "logout_token={0}" },
        { "application/jwt", "{0}" },
        { "nonsense", "logout_token={0}" },
        { "multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"logout_token\"\r\n\r\n{0}\r\n--b--\r\n" },
    };

    [Theory]
    [MemberData(nameof(WrongBodies))]
    public async Task A_request_without_one_logout_token_in_a_form_is_refused(string type, string body)
    {
        await using TestApi api = await StartAsync();
        using ByteArrayContent content = new(Encoding.UTF8.GetBytes(string.Format(null, body, Create())));
        content.Headers.TryAddWithoutValidation("Content-Type", type);

        using HttpResponseMessage response = await api.PostAsync(content);

        await response.ShouldBeRefusedLogoutAsync();
        api.Count().Should().Be(0);
    }

    [Fact]
    public async Task A_request_that_is_too_large_is_refused()
    {
        await using TestApi api = await StartAsync();
        await api.ShouldRefuseAsync(Create(claims => claims["filler"] = new string('x', 40_000)));
        await api.ShouldRefuseAsync(new string('x', 1_000_000));
        using FormUrlEncodedContent many = new([.. Enumerable.Range(0, 100).Select(i => new KeyValuePair<string, string>($"p{i}", "v")), new("logout_token", Create())]);
        using HttpResponseMessage response = await api.PostAsync(many);

        await response.ShouldBeRefusedLogoutAsync();
    }

    [Fact]
    public async Task It_takes_POST_only()
    {
        await using TestApi api = await StartAsync();
        using HttpResponseMessage response = await api.Client.GetAsync($"{BackChannelLogoutProvider.Path}?logout_token={Create()}", TestContext.Current.CancellationToken);

        response.StatusCode.Should().Be(HttpStatusCode.MethodNotAllowed);
    }

    [Fact]
    public async Task A_token_in_the_query_is_not_taken()
    {
        await using TestApi api = await StartAsync();
        using FormUrlEncodedContent form = new([]);
        using HttpResponseMessage response = await api.Client.PostAsync($"{BackChannelLogoutProvider.Path}?logout_token={Create()}", form, TestContext.Current.CancellationToken);

        await response.ShouldBeRefusedLogoutAsync();
    }

    [Fact]
    public async Task A_fallback_policy_does_not_keep_the_provider_out()
    {
        await using TestApi api = await StartAsync(services: services =>
            services.AddAuthorizationBuilder().SetFallbackPolicy(new AuthorizationPolicyBuilder("Bearer").RequireAuthenticatedUser().Build()));
        (await api.StatusAsync("", "/public")).Should().Be(HttpStatusCode.Unauthorized);

        await api.ShouldTakeAsync(Create());
    }

    [Fact]
    public async Task Authorization_that_the_app_adds_stays_in_force()
    {
        await using TestApi api = await StartAsync(conventions: endpoint => endpoint.RequireAuthorization());
        using HttpResponseMessage response = await api.LogOutAsync(Create());

        response.StatusCode.Should().Be(HttpStatusCode.Unauthorized);
        api.Count().Should().Be(0);
    }

    [Fact]
    public async Task And_so_does_that_of_a_group()
    {
        await using TestApi api = await TestApi.StartAsync(endpoints: app => app.MapGroup("/oidc").RequireAuthorization().MapBackChannelLogout("/logout"));
        using FormUrlEncodedContent form = new([new("logout_token", Create())]);
        using HttpResponseMessage response = await api.Client.PostAsync("/oidc/logout", form, TestContext.Current.CancellationToken);

        response.StatusCode.Should().Be(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task It_is_described_for_OpenAPI_and_takes_conventions()
    {
        await using TestApi api = await StartAsync(conventions: endpoint => endpoint.WithName("logout").WithTags("oidc"));

        Endpoint endpoint = api.Services.GetRequiredService<EndpointDataSource>().Endpoints.Single(each => each is RouteEndpoint { RoutePattern.RawText: BackChannelLogoutProvider.Path });

        endpoint.Metadata.GetMetadata<IEndpointNameMetadata>()!.EndpointName.Should().Be("logout");
        endpoint.Metadata.GetMetadata<IEndpointSummaryMetadata>().Should().NotBeNull();
        endpoint.Metadata.GetMetadata<IEndpointDescriptionMetadata>()!.Description.Should().Contain("logout_token");
        endpoint.Metadata.OfType<IProducesResponseTypeMetadata>().Select(each => each.StatusCode).Should().BeEquivalentTo([200, 400]);
    }

    [Fact]
    public async Task A_client_id_takes_the_place_of_the_audiences_of_the_scheme()
    {
        await using TestApi api = await StartAsync(options: options => options.Audiences.Add("client"));

        await api.ShouldRefuseAsync(Create());
        await api.ShouldTakeAsync(Create(claims => claims["aud"] = "client"));
    }

    [Fact]
    public async Task Nothing_of_a_logout_token_is_in_logs_or_answers()
    {
        LogLines logs = new();
        await using TestApi api = await StartAsync(
            revocation: builder => builder.AddStore<FaultyStore>(),
            services: services => services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Trace).AddProvider(logs)));
        FaultyStore store = (FaultyStore)api.Services.GetRequiredService<IRevokedTokenStore>();
        string good = Create(claims => Mark(claims));
        List<HttpResponseMessage> responses =
        [
            await api.LogOutAsync(good),
            await api.LogOutAsync(good),
            await api.LogOutAsync(Create(claims => Mark(claims)["nonce"] = "marked-nonce")),
            await api.LogOutAsync(Create(claims => Mark(claims)["aud"] = "other")),
            await api.LogOutAsync(Create(claims => Mark(claims)["exp"] = 1)),
            await api.LogOutAsync(good + "x"),
            await api.LogOutAsync("marked-garbage"),
        ];
        store.RevokeFails = true;
        responses.Add(await api.LogOutAsync(Create(claims => Mark(claims))));

        List<string> answers = [];
        foreach (HttpResponseMessage response in responses)
        {
            answers.Add(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
            response.Dispose();
        }

        string[] ours = [.. logs.Lines.Where(line => line.StartsWith("JwtRevocation", StringComparison.Ordinal))];
        ours.Should().Contain(line => line.Contains("refused", StringComparison.Ordinal)).And.Contain(line => line.Contains("logout failed", StringComparison.Ordinal));
        ours.Concat(answers).Should().NotContainMatch("*marked*").And.NotContainMatch($"*{good[^20..]}*");

        static System.Text.Json.Nodes.JsonObject Mark(System.Text.Json.Nodes.JsonObject claims)
        {
            claims["jti"] = $"marked-{Guid.NewGuid():N}";
            claims["sub"] = "marked-subject";
            claims["sid"] = "marked-session";
            return claims;
        }
    }

    public static TheoryData<string, string> WrongSetups => new()
    {
        { "scheme", "*'Baerer' is not a JwtBearer scheme*" },
        { "cookie", "*'Cookies' is not a JwtBearer scheme*" },
        { "audience", "*no audience*Audiences*" },
        { "issuer", "*no issuer*ValidIssuer*" },
    };

    [Theory]
    [MemberData(nameof(WrongSetups))]
    public async Task A_wrong_setup_stops_the_app_at_its_start_and_says_what_to_do(string wrong, string message)
    {
        Func<Task> start = () => TestApi.StartCoreAsync(
            services =>
            {
                services.AddAuthentication("Bearer").AddCookie("Cookies").AddJwtBearer(bearer => TestApi.UseTestTokens(bearer, options =>
                {
                    options.TokenValidationParameters.ValidAudience = wrong == "audience" ? null : TestTokens.Audience;
                    options.TokenValidationParameters.ValidIssuer = wrong == "issuer" ? null : TestTokens.Issuer;
                    options.TokenValidationParameters.ValidateAudience = false;
                    options.TokenValidationParameters.IssuerValidator = (issuer, _, _) => issuer;
                }));
                services.AddJwtRevocation();
            },
            app => app.MapBackChannelLogout(BackChannelLogoutProvider.Path, wrong switch
            {
                "scheme" => "Baerer",
                "cookie" => "Cookies",
                _ => "Bearer",
            }));

        await start.Should().ThrowAsync<InvalidOperationException>().WithMessage(message);
    }

    [Fact]
    public async Task Without_AddJwtRevocation_it_cannot_be_mapped()
    {
        await using WebApplication app = WebApplication.CreateSlimBuilder().Build();

        app.Invoking(each => each.MapBackChannelLogout(BackChannelLogoutProvider.Path)).Should().Throw<InvalidOperationException>().WithMessage("*AddJwtRevocation()*");
    }

    [Fact]
    public async Task Each_scheme_has_its_own_endpoint()
    {
        await using TestApi api = await TestApi.StartCoreAsync(
            services =>
            {
                services.AddAuthentication("First")
                    .AddJwtBearer("First", bearer => TestApi.UseTestTokens(bearer))
                    .AddJwtBearer("Second", bearer => TestApi.UseTestTokens(bearer, options => options.TokenValidationParameters.ValidIssuer = "https://second.test"));
                services.AddJwtRevocation();
            },
            app =>
            {
                app.MapBackChannelLogout(BackChannelLogoutProvider.Path, "First");
                app.MapBackChannelLogout("/second", "Second");
            });

        await api.ShouldRefuseAsync(Create(claims => claims["iss"] = "https://second.test"));
        await api.ShouldTakeAsync(Create());
    }

    private sealed class LogLines : ILoggerProvider
    {
        private readonly System.Collections.Concurrent.ConcurrentQueue<string> _lines = new();

        public IEnumerable<string> Lines => _lines;

        public ILogger CreateLogger(string categoryName) => new Logger(categoryName, _lines);

        public void Dispose()
        {
        }

        private sealed class Logger(string category, System.Collections.Concurrent.ConcurrentQueue<string> lines) : ILogger
        {
            public IDisposable? BeginScope<TState>(TState state)
                where TState : notnull => null;

            public bool IsEnabled(LogLevel logLevel) => true;

            public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
                lines.Enqueue($"{category} {formatter(state, exception)} {exception}");
        }
    }
}
