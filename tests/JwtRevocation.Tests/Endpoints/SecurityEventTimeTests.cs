using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using CsCheck;
using Microsoft.Extensions.DependencyInjection;
using static JwtRevocation.Tests.Endpoints.SecurityEventMessage;

namespace JwtRevocation.Tests.Endpoints;

/// <summary>Up to which time an event revokes, however often and whenever it arrives.</summary>
public sealed class SecurityEventTimeTests
{
    [Theory]
    [InlineData(null, null, 0.0)]
    [InlineData(null, -100.0, -100.0)]
    [InlineData(-200.0, -100.0, -200.0)]
    [InlineData(-200.5, null, -200.5)]
    [InlineData(-200.0, null, -200.0)]
    [InlineData(1.0, null, 0.0)]
    [InlineData(null, 5.0, 0.0)]
    [InlineData(5_000_000_000_000.0, null, 0.0)]
    public async Task The_cutoff_is_when_it_happened_and_not_later_than_the_token_says(double? eventTime, double? timeOfEvent, double expected)
    {
        await using SecurityEventApi api = await SecurityEventApi.StartAsync();
        double now = api.Now.ToUnixTimeSeconds();
        SecurityEventMessage message = api.Message(payload: eventTime is { } time
            ? $$$$"""{"event_timestamp":{{{{(now + time).ToString(CultureInfo.InvariantCulture)}}}}}"""
            : "{}");
        if (timeOfEvent is { } toe)
        {
            message.Claims["toe"] = now + toe;
        }

        await api.AcknowledgedAsync(message);
        (await api.RevocationsAsync()).Should().ContainSingle().Which.Cutoff.Should().Be(api.Now.AddSeconds(expected));
    }

    [Fact]
    public async Task A_token_of_the_very_moment_of_the_event_is_revoked()
    {
        await using SecurityEventApi api = await SecurityEventApi.StartAsync();
        await Gen.Int[0, 999_999].Array[20].SampleAsync(
            async fractions =>
            {
                foreach (int fraction in fractions.Distinct())
                {
                    string moment = string.Create(CultureInfo.InvariantCulture, $"{api.Now.ToUnixTimeSeconds() - 10}.{fraction:000000}");
                    string token = BackChannelLogoutProvider.Sign(
                        $$$$"""{"iss":"{{{{TestTokens.Issuer}}}}","aud":"{{{{Audience}}}}","sub":"user-{{{{fraction}}}}","exp":{{{{api.Now.ToUnixTimeSeconds() + 3600}}}},"iat":{{{{moment}}}}}""",
                        header => header["typ"] = "at+jwt");
                    await api.AcknowledgedAsync(api.Message(
                        subject: $$$$"""{"format":"iss_sub","iss":"{{{{TestTokens.Issuer}}}}","sub":"user-{{{{fraction}}}}"}""",
                        payload: $$$$"""{"event_timestamp":{{{{moment}}}}}"""));
                    await api.ShouldBeRevokedAsync(token);
                }
            },
            iter: 10,
            threads: 1);
    }

    [Fact]
    public async Task A_token_that_was_issued_after_the_event_stays_valid()
    {
        await using SecurityEventApi api = await SecurityEventApi.StartAsync();
        string before = api.Token(secondsAgo: 60);
        string after = api.Token(secondsAgo: 20);
        await api.AcknowledgedAsync(api.Message(payload: $$$$"""{"event_timestamp":{{{{api.Now.ToUnixTimeSeconds() - 30}}}}}"""));
        await api.ShouldBeRevokedAsync(before);
        await api.ShouldBeAcceptedAsync(after);
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(299, true)]
    [InlineData(301, false)]
    public async Task An_issuer_whose_clock_is_ahead_is_borne_with_as_far_as_the_scheme_does(int secondsAhead, bool accepted)
    {
        await using SecurityEventApi api = await SecurityEventApi.StartAsync();
        SecurityEventMessage message = new(api.Now.AddSeconds(secondsAhead));
        if (accepted)
        {
            await api.AcknowledgedAsync(message);
            (await api.RevocationsAsync()).Should().ContainSingle().Which.Cutoff.Should().Be(api.Now.AddSeconds(secondsAhead), "the tokens are by the same clock");
        }
        else
        {
            await api.RefusedAsync(message.ToString(), "invalid_request");
        }
    }

    [Fact]
    public async Task An_old_event_is_acknowledged()
    {
        await using SecurityEventApi api = await SecurityEventApi.StartAsync();
        await api.AcknowledgedAsync(new(DateTimeOffset.UnixEpoch));
        await api.ShouldBeAcceptedAsync(api.Token());
    }

    [Fact]
    public async Task An_old_event_ends_tokens_that_do_not_say_when_they_were_issued_and_those_of_nobody_else()
    {
        await using SecurityEventApi api = await SecurityEventApi.StartAsync();
        string alice = TestTokens.Create(expires: api.Now.AddDays(1));
        string bob = TestTokens.Create(subject: "bob", expires: api.Now.AddDays(1));

        await api.AcknowledgedAsync(new(DateTimeOffset.UnixEpoch));

        await api.ShouldBeRevokedAsync(alice);
        await api.ShouldBeAcceptedAsync(bob);

        // Once it is dropped, it concerns all whose tokens do not say it.
        (await api.RevocationsAsync()).Single().Expires.Should().BeAfter(api.Now.AddDays(366));
    }

    [Theory]
    [InlineData(0, -1000)]
    [InlineData(-1000, 0)]
    public async Task Of_two_events_about_the_same_subject_the_later_one_counts(int first, int second)
    {
        await using SecurityEventApi api = await SecurityEventApi.StartAsync();
        string token = api.Token(secondsAgo: 30);
        SecurityEventMessage message = api.Message(SessionsRevoked, payload: $$$$"""{"event_timestamp":{{{{api.Now.ToUnixTimeSeconds() + first}}}}}""");
        message.Claims["events"]![AccountDisabled] = new JsonObject { ["event_timestamp"] = api.Now.ToUnixTimeSeconds() + second };

        await api.AcknowledgedAsync(message);

        (await api.RevocationsAsync()).Should().ContainSingle().Which.Cutoff.Should().Be(api.Now);
        await api.ShouldBeRevokedAsync(token);
    }

    [Fact]
    public async Task A_skew_may_be_larger_than_any_time()
    {
        await using SecurityEventApi api = await SecurityEventApi.StartAsync(bearer: scheme => scheme.TokenValidationParameters.ClockSkew = TimeSpan.MaxValue);
        await api.RefusedAsync(new SecurityEventMessage(api.Now.AddDays(2)).ToString(), "invalid_request");
        await api.AcknowledgedAsync(api.Message());
    }

    [Theory]
    [InlineData(-30, 0)]
    [InlineData(null, -60)]
    [InlineData(null, 0)]
    public async Task A_token_of_a_session_stays_refused_when_the_revocation_has_been_dropped(int? eventTime, int issuedAt)
    {
        // It lives longer than was promised, and was issued before the message came.
        await using SecurityEventApi api = await SecurityEventApi.StartAsync(
            services: services => services.Configure<JwtRevocationOptions>(options => options.MaxTokenLifetime = TimeSpan.FromHours(1)));
        DateTimeOffset start = api.Now;
        string token = TestTokens.Create(expires: start.AddYears(5), configure: descriptor =>
        {
            descriptor.IssuedAt = start.AddSeconds(-20).UtcDateTime;
            descriptor.Claims["sid"] = "s1";
        });
        string ofAnother = TestTokens.Create(subject: "bob", expires: start.AddDays(7), configure: descriptor => descriptor.IssuedAt = start.AddDays(4).UtcDateTime);
        await api.AcknowledgedAsync(new(
            start.AddSeconds(issuedAt), SessionRevoked, SessionOfAlice, eventTime is { } time ? $$$$"""{"event_timestamp":{{{{start.ToUnixTimeSeconds() + time}}}}}""" : "{}"));
        await api.ShouldBeRevokedAsync(token);

        for (int hour = 0; hour < 5 * 24; hour++)
        {
            api.Clock.Advance(TimeSpan.FromHours(1));
        }

        (await api.RevocationsAsync()).Should().BeEmpty();
        (await api.Api.StatusAsync(token)).Should().Be(HttpStatusCode.Unauthorized);
        await api.ShouldBeAcceptedAsync(ofAnother);
    }

    [Theory]
    [InlineData(3, true)]
    [InlineData(55, true)]
    [InlineData(200, false)]
    public async Task A_new_token_behind_a_message_from_a_clock_ahead_is_caught_by_a_later_revocation(int secondsAhead, bool canBeSigned)
    {
        await using SecurityEventApi api = await SecurityEventApi.StartAsync();
        await api.AcknowledgedAsync(new(api.Now.AddSeconds(secondsAhead)));
        var alice = RevocationTarget.Subject(TestTokens.Issuer, "alice");
        Func<Task<RevocationReceipt>> changePassword = () => api.Api.Revoker.RevokeAsync(alice, new() { SignsNewToken = true }, TestContext.Current.CancellationToken);
        if (!canBeSigned)
        {
            await changePassword.Should().ThrowAsync<RevocationFailedException>();
            return;
        }

        RevocationReceipt receipt = await changePassword();
        string token = TestTokens.Create(expires: api.Now.AddHours(1), configure: descriptor => descriptor.IssuedAt = receipt.AcceptedFrom!.Value.UtcDateTime);
        await api.ShouldBeAcceptedAsync(token);
        api.Clock.Advance(TimeSpan.FromSeconds(1));

        await api.Api.Revoker.RevokeAsync(alice, TestContext.Current.CancellationToken);

        await api.ShouldBeRevokedAsync(token);
    }

    [Fact]
    public async Task A_duplicate_spares_a_token_that_was_signed_after_the_first()
    {
        await using SecurityEventApi api = await SecurityEventApi.StartAsync();
        SecurityEventMessage message = api.Message();
        await api.AcknowledgedAsync(message);
        RevocationReceipt receipt = await api.Api.Revoker.RevokeAsync(
            RevocationTarget.Subject(TestTokens.Issuer, "alice"), new() { SignsNewToken = true }, TestContext.Current.CancellationToken);
        string token = TestTokens.Create(expires: api.Now.AddHours(1), configure: descriptor => descriptor.IssuedAt = receipt.AcceptedFrom!.Value.UtcDateTime);

        await api.AcknowledgedAsync(message);

        await api.ShouldBeAcceptedAsync(token);
    }

    [Fact]
    public async Task A_duplicate_is_answered_as_the_first_and_revokes_nothing_more() =>
        await Gen.Select(
            Gen.OneOf(AccountDisabled, SessionsRevoked, SessionRevoked),
            Gen.OneOf<int?>(null, 0, -1, -40, 1000),
            Gen.OneOf<int?>(null, 0, -20),
            Gen.Int[1, 3000].Array[1, 4],
            Gen.Bool).SampleAsync(
                async (type, eventTime, timeOfEvent, delays, onAnotherNode) =>
                {
                    await using SecurityEventApi first = await SecurityEventApi.StartAsync();
                    await using SecurityEventApi second = await SecurityEventApi.StartAsync();
                    long now = first.Now.ToUnixTimeSeconds();
                    SecurityEventMessage message = first.Message(type, payload: eventTime is { } time ? $$$$"""{"event_timestamp":{{{{now + time}}}}}""" : "{}");
                    if (timeOfEvent is { } toe)
                    {
                        message.Claims["toe"] = now + toe;
                    }

                    string body = message.ToString();
                    using HttpResponseMessage once = await first.SendAsync(body);
                    DateTimeOffset? cutoff = (await first.RevocationsAsync()).Single().Cutoff;
                    SecurityEventApi node = onAnotherNode ? second : first;
                    foreach (int delay in delays)
                    {
                        node.Clock.Advance(TimeSpan.FromSeconds(delay));
                        using HttpResponseMessage again = await node.SendAsync(body);
                        again.StatusCode.Should().Be(once.StatusCode).And.Be(HttpStatusCode.Accepted);
                    }

                    (await node.RevocationsAsync()).Should().ContainSingle().Which.Cutoff.Should().Be(cutoff);
                    await node.ShouldBeAcceptedAsync(node.Token(secondsAgo: 0));
                },
                iter: 40,
                threads: 1);

    [Theory]
    [InlineData(Alice)]
    [InlineData(SessionOfAlice)]
    [InlineData($$$$"""{"format":"jwt_id","iss":"{{{{TestTokens.Issuer}}}}","jti":"an id"}""")]
    public async Task A_duplicate_is_the_same_entry_of_a_shared_log_for_a_day(string subject)
    {
        using WritingStore store = new();
        await using SecurityEventApi api = await SecurityEventApi.StartAsync(revocation: builder => builder.AddStore(_ => store));
        SecurityEventMessage message = api.Message(SessionRevoked, subject);
        api.Clock.Advance(TimeSpan.FromSeconds(2));
        for (int hour = 0; hour < 3 * 24; hour++)
        {
            await api.AcknowledgedAsync(message);
            api.Clock.Advance(TimeSpan.FromHours(1));
        }

        store.Entries.Count.Should().BeInRange(3, 4, "three days touch four, as a rule");
    }

    /// <summary>Knows what a shared log would hold.</summary>
    private sealed class WritingStore : IRevokedTokenStore, IDisposable
    {
        private readonly InMemoryRevokedTokenStore _inner = new();

        public HashSet<string> Entries { get; } = [];

        public RevocationStatus GetStatus(in RevocableToken token) => _inner.GetStatus(in token);

        public ValueTask<RevocationReceipt> RevokeAsync(Revocation revocation, CancellationToken cancellationToken)
        {
            Entries.Add(Convert.ToHexString(EntryFormat.Write(EntryFormat.Round(revocation, TimeProvider.System.GetUtcNow()))));
            return _inner.RevokeAsync(revocation, cancellationToken);
        }

        public IAsyncEnumerable<Revocation> GetRevocationsAsync(CancellationToken cancellationToken) => _inner.GetRevocationsAsync(cancellationToken);

        public void Dispose() => _inner.Dispose();
    }
}
