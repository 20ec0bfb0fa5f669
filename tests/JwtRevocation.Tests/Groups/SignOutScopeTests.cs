using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Microsoft.IdentityModel.JsonWebTokens;

namespace JwtRevocation.Tests.Groups;

public sealed class SignOutScopeTests
{
    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task Others_ends_every_session_but_this_one(bool encrypted, bool securityTokenValidators)
    {
        await using TestApi api = await StartAsync(securityTokenValidators);
        string here = Session("alice", "1", encrypted);
        string hereToo = Session("alice", "1", encrypted);
        string there = Session("alice", "2", encrypted);
        string bob = Session("bob", "3", encrypted);

        using HttpResponseMessage signOut = await api.SignOutAsync(here, "/others");

        signOut.StatusCode.Should().Be(HttpStatusCode.OK);
        (await StatusesAsync(api, here, hereToo, there, bob)).Should().Equal(200, 200, 401, 200);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Everywhere_ends_them_all(bool encrypted)
    {
        await using TestApi api = await StartAsync();
        string here = Session("alice", "1", encrypted);
        string there = Session("alice", "2", encrypted);
        string bob = Session("bob", "3", encrypted);

        using HttpResponseMessage signOut = await api.SignOutAsync(here, "/everywhere");

        signOut.StatusCode.Should().Be(HttpStatusCode.OK);
        (await StatusesAsync(api, here, there, bob)).Should().Equal(401, 401, 200);
    }

    [Theory]
    [InlineData("/everywhere", 401, 401)]
    [InlineData("/others", 200, 401)]
    public async Task It_is_by_the_claims_of_the_signed_token_whatever_was_read_of_the_encrypted_one_before(string endpoint, int ofThis, int ofOther)
    {
        await using TestApi api = await StartAsync(bearer: TestTokens.ReadBeforeDecryption);
        string here = Session("alice", "1", encrypted: true);
        string there = Session("alice", "2", encrypted: true);

        using HttpResponseMessage signOut = await api.SignOutAsync(here, endpoint);

        signOut.StatusCode.Should().Be(HttpStatusCode.OK);
        (await StatusesAsync(api, here, there)).Should().Equal(ofThis, ofOther);
    }

    [Fact]
    public async Task Everywhere_ends_this_token_though_its_issuers_clock_is_ahead()
    {
        await using TestApi api = await StartAsync();
        string here = TestTokens.Create(configure: descriptor => descriptor.Claims["iat"] = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() + 90);

        using HttpResponseMessage signOut = await api.SignOutAsync(here, "/everywhere");

        (await StatusesAsync(api, here)).Should().Equal(401);
    }

    [Fact]
    public async Task A_token_without_a_session_is_one_by_itself()
    {
        await using TestApi api = await StartAsync();
        string here = Session("alice", null);
        string there = Session("alice", null);

        using HttpResponseMessage signOut = await api.SignOutAsync(here, "/others");

        (await StatusesAsync(api, here, there)).Should().Equal(200, 401);
    }

    [Fact]
    public async Task The_same_subject_of_another_issuer_is_somebody_else()
    {
        await using TestApi api = await StartAsync(bearer: parameters => parameters.ValidIssuers = [TestTokens.Issuer, "https://another.test"]);
        string here = Session("alice", "1");
        string namesake = TestTokens.Create(configure: descriptor => descriptor.Issuer = "https://another.test");

        using HttpResponseMessage signOut = await api.SignOutAsync(here, "/everywhere");

        (await StatusesAsync(api, here, namesake)).Should().Equal(401, 200);
    }

    [Fact]
    public async Task A_store_that_does_not_take_it_is_a_503()
    {
        await using TestApi api = await StartAsync(store: builder => builder.AddStore<FaultyStore>());
        ((FaultyStore)api.Services.GetRequiredService<IRevokedTokenStore>()).RevokeFails = true;

        foreach (string path in new[] { "/others", "/everywhere" })
        {
            using HttpResponseMessage signOut = await api.SignOutAsync(Session("alice", "1"), path);
            signOut.ShouldBeUnavailable();
        }
    }

    [Fact]
    public async Task A_new_password_ends_every_session_and_its_token_works_at_once_a_thousand_times_in_one_second()
    {
        // The store's clock stands still: it is all the same second, and the same moment.
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        using InMemoryRevokedTokenStore store = new(new FakeTimeProvider(now));
        await using TestApi api = await StartAsync(store: builder => builder.AddStore(_ => store));
        for (int i = 0; i < 1_000; i++)
        {
            string user = $"user {i}";
            string phone = Session(user, "1", issuedAt: now);
            string laptop = Session(user, "2", issuedAt: now);

            RevocationReceipt receipt = await api.Revoker.RevokeAsync(RevocationTarget.Subject(TestTokens.Issuer, user), SignsNewToken, TestContext.Current.CancellationToken);
            string fresh = TestTokens.Create(subject: user, configure: descriptor => descriptor.IssuedAt = receipt.AcceptedFrom!.Value.UtcDateTime);

            (receipt.AcceptedFrom!.Value - now).Should().BeLessThanOrEqualTo(TimeSpan.FromSeconds(1));
            (await StatusesAsync(api, fresh, phone, laptop)).Should().Equal(200, 401, 401);
        }
    }

    [Fact]
    public async Task So_it_does_for_one_user_who_cannot_stop_until_it_would_be_a_minute_ahead()
    {
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        using InMemoryRevokedTokenStore store = new(new FakeTimeProvider(now));
        await using TestApi api = await StartAsync(store: builder => builder.AddStore(_ => store));
        RevocationTarget alice = RevocationTarget.Subject(TestTokens.Issuer, "alice");
        string last = Session("alice", "1", issuedAt: now);
        for (int i = 0; i < 59; i++)
        {
            RevocationReceipt receipt = await api.Revoker.RevokeAsync(alice, SignsNewToken, TestContext.Current.CancellationToken);
            string fresh = TestTokens.Create(configure: descriptor => descriptor.IssuedAt = receipt.AcceptedFrom!.Value.UtcDateTime);
            (await StatusesAsync(api, fresh, last)).Should().Equal(200, 401);
            last = fresh;
        }

        Func<Task> tooOften = async () =>
        {
            await api.Revoker.RevokeAsync(alice, SignsNewToken, TestContext.Current.CancellationToken);
            await api.Revoker.RevokeAsync(alice, SignsNewToken, TestContext.Current.CancellationToken);
        };
        await tooOften.Should().ThrowAsync<RevocationFailedException>().WithMessage("*more than a minute ahead*");
    }

    [Fact]
    public async Task However_often_somebody_signs_out_others_nobody_else_is_kept_out()
    {
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        using InMemoryRevokedTokenStore store = new(new FakeTimeProvider(now));
        await using TestApi api = await StartAsync(store: builder => builder.AddStore(_ => store));
        string mallory = Session("mallory", "1", issuedAt: now);
        for (int i = 0; i < 500; i++)
        {
            using HttpResponseMessage signOut = await api.SignOutAsync(mallory, "/others");
            signOut.StatusCode.Should().Be(HttpStatusCode.OK);
        }

        RevocationReceipt receipt = await api.Revoker.RevokeAsync(RevocationTarget.Everything, SignsNewToken, TestContext.Current.CancellationToken);

        (receipt.AcceptedFrom!.Value - now).Should().BeLessThanOrEqualTo(TimeSpan.FromSeconds(1));
    }

    [Fact]
    public async Task Without_a_subject_everywhere_is_this_token_and_others_are_none()
    {
        await using TestApi api = await StartAsync();
        string service = TestTokens.Create(configure: descriptor => descriptor.Claims.Remove("sub"));

        using HttpResponseMessage others = await api.SignOutAsync(service, "/others");
        others.StatusCode.Should().Be(HttpStatusCode.OK);
        (await StatusesAsync(api, service)).Should().Equal(200);
        using HttpResponseMessage everywhere = await api.SignOutAsync(service, "/everywhere");
        everywhere.StatusCode.Should().Be(HttpStatusCode.OK);
        (await StatusesAsync(api, service)).Should().Equal(401);
    }

    [Fact]
    public async Task An_empty_session_is_none()
    {
        await using TestApi api = await StartAsync();
        string here = Session("alice", "");
        string there = Session("alice", "");

        using HttpResponseMessage signOut = await api.SignOutAsync(here, "/others");

        (await StatusesAsync(api, here, there)).Should().Equal(200, 401);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_subject_that_is_a_number_too_large_for_IdentityModel_is_itself(bool securityTokenValidators)
    {
        await using TestApi api = await StartAsync(securityTokenValidators);
        string here = Numbered(12345678901234567890);
        string neighbour = Numbered(12345678901234567891);

        using HttpResponseMessage signOut = await api.SignOutAsync(here, "/everywhere");

        (await StatusesAsync(api, Numbered(12345678901234567890), neighbour)).Should().Equal(401, 200);

        static string Numbered(ulong subject) => TestTokens.Create(configure: descriptor =>
        {
            descriptor.Claims["sub"] = System.Text.Json.JsonSerializer.SerializeToElement(subject);
            descriptor.IssuedAt = TimeProvider.System.GetUtcNow().UtcDateTime;
        });
    }

    [Fact]
    public async Task A_session_stays_revoked_while_a_token_that_was_refreshed_since_can_be_valid()
    {
        FakeTimeProvider clock = new(TimeProvider.System.GetUtcNow());
        await using TestApi api = await TestApi.StartAsync(
            options: options => options.MaxTokenLifetime = TimeSpan.FromHours(1),
            services: services => services.AddSingleton<TimeProvider>(clock));
        await api.Revoker.RevokeAsync(RevocationTarget.Session(TestTokens.Issuer, "1"), TestContext.Current.CancellationToken);
        clock.Advance(TimeSpan.FromMinutes(59));
        string refreshed = TestTokens.Create(configure: descriptor =>
        {
            descriptor.Claims["sid"] = "1";
            descriptor.Claims["iat"] = clock.GetUtcNow().ToUnixTimeSeconds();
        });

        for (int minute = 0; minute < 60; minute++)
        {
            clock.Advance(TimeSpan.FromMinutes(1));
            (await StatusesAsync(api, refreshed)).Should().Equal(401);
        }
    }

    [Fact]
    public async Task Details_that_do_not_fit_the_target_are_refused()
    {
        await using TestApi api = await StartAsync();
        RevocationTarget session = RevocationTarget.Session(TestTokens.Issuer, "1");
        RevocationTarget subject = RevocationTarget.Subject(TestTokens.Issuer, "alice");

        await ShouldThrow(session, new() { Except = session });
        await ShouldThrow(session, new() { Cutoff = DateTimeOffset.UnixEpoch });
        await ShouldThrow(session, new() { ByAuthenticationTime = true });
        await ShouldThrow(session, new() { SignsNewToken = true });
        await ShouldThrow(subject, new() { Except = subject });
        await ShouldThrow(subject, new() { SignsNewToken = true, Cutoff = DateTimeOffset.UnixEpoch });
        await ShouldThrow(subject, new() { Cutoff = TimeProvider.System.GetUtcNow().AddMinutes(1) });
        await ShouldThrow(subject, new() { IsByMessage = true });
        await ShouldThrow(subject, new() { IsByMessage = true, SignsNewToken = true });
        await ShouldThrow(subject, new() { IsByMessage = true, Cutoff = TimeProvider.System.GetUtcNow().AddHours(25) });

        async Task ShouldThrow(RevocationTarget target, RevocationDetails unfit) =>
            await ((Func<Task>)(() => api.Revoker.RevokeAsync(target, unfit))).Should().ThrowAsync<ArgumentException>().WithParameterName("details");
    }

    private static readonly RevocationDetails SignsNewToken = new() { SignsNewToken = true };

    private static Task<TestApi> StartAsync(
        bool securityTokenValidators = false,
        Action<JwtRevocationBuilder>? store = null,
        Action<Microsoft.IdentityModel.Tokens.TokenValidationParameters>? bearer = null) => TestApi.StartAsync(
            options =>
            {
                options.UseSecurityTokenValidators = securityTokenValidators;
                bearer?.Invoke(options.TokenValidationParameters);
            },
            store,
            endpoints: app =>
            {
                app.MapPost("/everywhere", () => TypedResults.SignOut(SignOutScope.Everywhere())).RequireAuthorization();
                app.MapPost("/others", () => TypedResults.SignOut(SignOutScope.Others())).RequireAuthorization();
            });

    private static string Session(string subject, string? session, bool encrypted = false, DateTimeOffset? issuedAt = null) => TestTokens.Create(
        subject: subject,
        encrypted: encrypted,
        configure: descriptor =>
        {
            descriptor.IssuedAt = (issuedAt ?? TimeProvider.System.GetUtcNow()).UtcDateTime;
            if (session is not null)
            {
                descriptor.Claims[JwtRegisteredClaimNames.Sid] = session;
            }
        });

    private static async Task<int[]> StatusesAsync(TestApi api, params string[] tokens)
    {
        List<int> statuses = [];
        foreach (string token in tokens)
        {
            statuses.Add((int)await api.StatusAsync(token));
        }

        return [.. statuses];
    }
}
