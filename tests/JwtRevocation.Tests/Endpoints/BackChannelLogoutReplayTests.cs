using System.Net;
using CsCheck;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using static JwtRevocation.Tests.Endpoints.BackChannelLogoutProvider;

namespace JwtRevocation.Tests.Endpoints;

/// <summary>A logout token that arrives more than once, or whose logout failed.</summary>
public sealed class BackChannelLogoutReplayTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task A_logout_token_is_taken_once()
    {
        await using TestApi api = await StartAsync();
        string token = Create();
        await api.ShouldTakeAsync(token);

        using HttpResponseMessage again = await api.LogOutAsync(token);
        await again.ShouldBeRefusedLogoutAsync();

        using HttpResponseMessage encrypted = await api.LogOutAsync(TestTokens.EncryptAgain(token));
        await encrypted.ShouldBeRefusedLogoutAsync();
    }

    [Fact]
    public async Task The_jti_counts_and_nothing_else_and_for_its_issuer()
    {
        await using TestApi api = await StartAsync(bearer => bearer.TokenValidationParameters.ValidIssuers = ["https://second.test"]);
        await api.ShouldTakeAsync(Create(claims => claims["jti"] = "same"));

        using HttpResponseMessage again = await api.LogOutAsync(Create(claims =>
        {
            claims["jti"] = "same";
            claims["sid"] = "session-2";
        }));
        await again.ShouldBeRefusedLogoutAsync();

        await api.ShouldTakeAsync(Create(claims =>
        {
            claims["jti"] = "same";
            claims["iss"] = "https://second.test";
        }));
    }

    [Fact]
    public async Task A_retry_works_when_the_store_had_failed()
    {
        await using TestApi api = await StartAsync(revocation: builder => builder.AddStore<FaultyStore>());
        FaultyStore store = (FaultyStore)api.Services.GetRequiredService<IRevokedTokenStore>();
        string token = Create();
        string access = AccessToken();
        store.RevokeFails = true;

        using HttpResponseMessage failed = await api.LogOutAsync(token);
        await failed.ShouldBeRefusedLogoutAsync("temporarily_unavailable");
        (await api.StatusAsync(access)).Should().Be(HttpStatusCode.OK);

        store.RevokeFails = false;
        await api.ShouldTakeAsync(token);
        (await api.StatusAsync(access)).Should().Be(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task A_retry_works_when_the_signing_keys_had_been_out_of_reach()
    {
        Keys keys = new() { Failure = new HttpRequestException("out of reach") };
        await using TestApi api = await StartAsync(bearer =>
        {
            bearer.TokenValidationParameters = new() { ValidAudience = TestTokens.Audience };
            bearer.ConfigurationManager = keys;
        });
        string token = Create();
        await api.ShouldRefuseAsync(token, "temporarily_unavailable");

        // What is wrong whatever the keys are is not their fault.
        await api.ShouldRefuseAsync("garbage");

        keys.Failure = null;
        await api.ShouldTakeAsync(token);
    }

    [Fact]
    public async Task A_retry_works_when_keys_that_the_app_fetches_itself_had_been_out_of_reach()
    {
        bool reachable = false;
        await using TestApi api = await StartAsync(bearer =>
        {
            bearer.TokenValidationParameters.IssuerSigningKeys = null;
            bearer.TokenValidationParameters.IssuerSigningKeyResolver = (_, _, _, _) => reachable ? TestKeys.All : throw new HttpRequestException("out of reach");
        });
        string token = Create();
        await api.ShouldRefuseAsync(token, "temporarily_unavailable");

        reachable = true;
        await api.ShouldTakeAsync(token);
    }

    [Fact]
    public async Task Whatever_else_fails_is_no_500()
    {
        await using TestApi api = await StartAsync(services: services => services.AddSingleton<ITokenRevoker, BrokenRevoker>());

        await api.ShouldRefuseAsync(Create(), "temporarily_unavailable");
    }

    [Fact]
    public async Task Two_at_once_are_never_both_refused()
    {
        await using TestApi api = await StartAsync();
        for (int i = 0; i < 50; i++)
        {
            string token = Create();
            HttpStatusCode[] outcomes = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => api.LogoutStatusAsync(token))));

            outcomes.Should().Contain(HttpStatusCode.OK).And.OnlyContain(each => each == HttpStatusCode.OK || each == HttpStatusCode.BadRequest);
        }
    }

    [Fact]
    public async Task Two_at_once_end_well_when_the_first_fails()
    {
        HeldRevoker revoker = new();
        await using TestApi api = await StartAsync(services: services => services.AddSingleton<ITokenRevoker>(revoker));
        string token = Create();
        Task<HttpStatusCode> first = api.LogoutStatusAsync(token);
        TaskCompletionSource<RevocationReceipt> firstCall = await revoker.NextAsync();
        Task<HttpStatusCode> second = api.LogoutStatusAsync(token);
        TaskCompletionSource<RevocationReceipt> secondCall = await revoker.NextAsync();

        firstCall.SetException(new RevocationFailedException());
        (await first).Should().Be(HttpStatusCode.BadRequest);
        secondCall.SetResult(new() { Expires = DateTimeOffset.MaxValue });
        (await second).Should().Be(HttpStatusCode.OK);
    }

    [Fact]
    public void A_jti_is_remembered_until_the_logout_token_is_refused_for_its_age()
    {
        FakeTimeProvider clock = new(Start);
        BackChannelLogoutReplays replays = new(clock);
        replays.Add("issuer", "a", Start.AddMinutes(2));
        replays.Add("issuer", "b", Start.AddMinutes(3));
        replays.Contains("issuer", "a").Should().BeTrue();
        replays.Contains("issuera", "").Should().BeFalse();

        clock.SetUtcNow(Start.AddMinutes(2).AddTicks(-1));
        replays.Contains("issuer", "a").Should().BeTrue();
        clock.SetUtcNow(Start.AddMinutes(2));
        replays.Contains("issuer", "a").Should().BeFalse();
        replays.Count.Should().Be(1);
    }

    [Fact]
    public void What_is_remembered_is_bounded()
    {
        BackChannelLogoutReplays replays = new(new FakeTimeProvider(Start));
        for (int i = 0; i < 70_000; i++)
        {
            replays.Add("issuer", $"{i}", DateTimeOffset.MaxValue.AddTicks(-70_000 + i));
        }

        replays.Count.Should().Be(65_536);
        replays.Contains("issuer", "69999").Should().BeTrue();
        replays.Contains("issuer", "0").Should().BeFalse("the one that goes first goes");
    }

    /// <summary>On another node, or after a restart, nobody remembers the jti; the same logout token is carried out once more.</summary>
    [Fact]
    public Task A_replay_that_nobody_remembers_revokes_nothing_that_the_first_did_not() =>
        Gen.Select(
            Gen.Bool, // for a session
            Gen.Int[-60, 60], // how far the provider's clock is ahead
            Gen.Int[0, 30], // how long the logout token took to arrive
            Gen.Int[0, 150], // and then the replay
            Gen.Int[-300, 300].Array[1, 8]) // access tokens, by when they were issued on the provider's clock after the logout
            .SampleAsync(
                async (ofSession, ahead, delay, replayAfter, issued) =>
                {
                    DateTimeOffset now = DateTimeOffset.FromUnixTimeSeconds(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds());
                    FakeTimeProvider clock = new(now);
                    DateTimeOffset loggedOut = now.AddSeconds(ahead);
                    string logout = ofSession ? Create(now: loggedOut) : CreateForSubject(loggedOut);
                    string[] later = [.. issued.Select(offset => AccessToken(ofSession ? "session-2" : $"session-{offset}", issuedAt: loggedOut.AddSeconds(offset)))];
                    using InMemoryRevokedTokenStore shared = new(clock);
                    Action<JwtRevocationBuilder> store = builder => builder.AddStore(_ => shared);
                    Action<IServiceCollection> services = collection => collection.AddSingleton<TimeProvider>(clock);
                    await using TestApi first = await StartAsync(revocation: store, services: services);
                    await using TestApi other = await StartAsync(revocation: store, services: services);

                    clock.Advance(TimeSpan.FromSeconds(delay));
                    await first.ShouldTakeAsync(logout);
                    HttpStatusCode[] before = await StatusesAsync(first, later);

                    clock.Advance(TimeSpan.FromSeconds(replayAfter));
                    await other.ShouldTakeAsync(logout);
                    HttpStatusCode[] after = await StatusesAsync(other, later);

                    // By the clock of the provider, which signs both: what came before the logout is meant, and no sign-in after it.
                    after.Should().Equal(before);
                    if (!ofSession)
                    {
                        after.Should().Equal(issued.Select(offset => offset > 0 ? HttpStatusCode.OK : HttpStatusCode.Unauthorized));
                    }
                },
                iter: 40);

    private static async Task<HttpStatusCode[]> StatusesAsync(TestApi api, string[] tokens)
    {
        HttpStatusCode[] statuses = new HttpStatusCode[tokens.Length];
        for (int i = 0; i < tokens.Length; i++)
        {
            statuses[i] = await api.StatusAsync(tokens[i]);
        }

        return statuses;
    }

    private sealed class Keys : IConfigurationManager<OpenIdConnectConfiguration>
    {
        public Exception? Failure { get; set; }

        public Task<OpenIdConnectConfiguration> GetConfigurationAsync(CancellationToken cancel)
        {
            if (Failure is not null)
            {
                throw Failure;
            }

            OpenIdConnectConfiguration configuration = new() { Issuer = TestTokens.Issuer };
            configuration.SigningKeys.Add(TestKeys.For("ES256").Key);
            return Task.FromResult(configuration);
        }

        public void RequestRefresh()
        {
        }
    }

    private sealed class HeldRevoker : ITokenRevoker
    {
        private readonly System.Threading.Channels.Channel<TaskCompletionSource<RevocationReceipt>> _calls =
            System.Threading.Channels.Channel.CreateUnbounded<TaskCompletionSource<RevocationReceipt>>();

        public ValueTask<TaskCompletionSource<RevocationReceipt>> NextAsync() => _calls.Reader.ReadAsync(TestContext.Current.CancellationToken);

        public Task<RevocationReceipt> RevokeAsync(RevocationTarget target, RevocationDetails? details, CancellationToken cancellationToken)
        {
            TaskCompletionSource<RevocationReceipt> call = new(TaskCreationOptions.RunContinuationsAsynchronously);
            _calls.Writer.TryWrite(call).Should().BeTrue();
            return call.Task;
        }

        public Task<RevocationReceipt> RevokeAsync(string encodedToken, RevocationDetails? details, CancellationToken cancellationToken) =>
            throw new NotSupportedException();
    }
}
