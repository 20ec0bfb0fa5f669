using System.Text.Json.Nodes;
using static JwtRevocation.Tests.Endpoints.SecurityEventMessage;

namespace JwtRevocation.Tests.Endpoints;

/// <summary>Which tokens an event revokes, by its type and its subject.</summary>
public sealed class SecurityEventSubjectTests
{
    private const string Issuer = TestTokens.Issuer;
    private const string Other = "https://other.test";

    public static TheoryData<string, string> UserEvents { get; } = new()
    {
        { SessionRevoked, "{}" },
        { SessionRevoked, """{"initiating_entity":"policy","reason_admin":{"en":"Policy"},"unknown":[1]}""" },
        { CredentialChange, """{"credential_type":"password","change_type":"revoke"}""" },
        { CredentialChange, """{"credential_type":"fido2-roaming","change_type":"update"}""" },
        { CredentialChange, """{"credential_type":"our-own","change_type":"delete"}""" },
        { AccountDisabled, """{"reason":"hijacking"}""" },
        { SessionsRevoked, "{}" },
    };

    [Theory]
    [MemberData(nameof(UserEvents))]
    public async Task An_event_about_a_user_revokes_what_was_issued_to_the_user_up_to_it(string type, string payload)
    {
        await using SecurityEventApi api = await SecurityEventApi.StartAsync();
        string old = api.Token();
        string ofSession = api.Token(session: "s1");
        string bob = api.Token("bob");
        await api.AcknowledgedAsync(api.Message(type, payload: payload));

        await api.ShouldBeRevokedAsync(old);
        await api.ShouldBeRevokedAsync(ofSession);
        await api.ShouldBeAcceptedAsync(bob);
        await api.ShouldBeAcceptedAsync(api.Token(secondsAgo: -1));
    }

    [Fact]
    public async Task A_credential_that_was_created_revokes_nothing()
    {
        await using SecurityEventApi api = await SecurityEventApi.StartAsync();
        await api.AcknowledgedAsync(api.Message(CredentialChange, payload: """{"credential_type":"fido2-roaming","change_type":"create"}"""));
        (await api.RevocationsAsync()).Should().BeEmpty();
    }

    [Theory]
    [InlineData("""{"format":"opaque","id":"alice"}""")]
    [InlineData(Alice)]
    [InlineData("""{"format":"opaque","id":"alice","unknown":{"format":1}}""")]
    [InlineData("""{"format":"email","email":"alice@example.com"}""")]
    [InlineData("""{"format":"aliases","identifiers":[{"format":"phone_number","phone_number":"+12065550100"},{"format":"opaque","id":"alice"}]}""")]
    [InlineData("""{"format":"complex","user":{"format":"opaque","id":"alice"}}""")]
    [InlineData($$$$"""{"format":"complex","user":{"format":"aliases","identifiers":[{{{{Alice}}}},{"format":"email","email":"nobody@example.com"}]}}""")]
    public async Task A_user_is_known_by_each_format(string subject)
    {
        await using SecurityEventApi api = await SecurityEventApi.StartAsync(FindAlice);
        string alice = api.Token();
        string bob = api.Token("bob", session: "alice");
        await api.AcknowledgedAsync(api.Message(AccountDisabled, subject));

        await api.ShouldBeRevokedAsync(alice);
        await api.ShouldBeAcceptedAsync(bob);
    }

    [Theory]
    [InlineData("""{"format":"opaque","id":"s1"}""")]
    [InlineData(SessionOfAlice)]
    [InlineData("""{"format":"complex","session":{"format":"opaque","id":"s1"}}""")]
    [InlineData($$$$"""{"format":"complex","session":{"format":"iss_sub","iss":"{{{{Issuer}}}}","sub":"s1"}}""")]
    [InlineData("""{"format":"complex","session":{"format":"opaque","id":"s1"},"user":{"format":"opaque","id":"alice"},"tenant":{"format":"opaque","id":"t"}}""")]
    public async Task A_session_that_was_revoked_is_ended_and_no_other(string subject)
    {
        await using SecurityEventApi api = await SecurityEventApi.StartAsync();
        string token = api.Token(session: "s1");
        string other = api.Token(session: "s2");
        await api.AcknowledgedAsync(api.Message(SessionRevoked, subject));

        await api.ShouldBeRevokedAsync(token);
        await api.ShouldBeAcceptedAsync(other);
        await api.ShouldBeAcceptedAsync(api.Token());

        // A refresh that was under way does not revive it.
        await api.ShouldBeRevokedAsync(api.Token(session: "s1", secondsAgo: -1));
    }

    [Fact]
    public async Task A_session_within_a_subject_is_all_that_any_event_ends()
    {
        await using SecurityEventApi api = await SecurityEventApi.StartAsync();
        string other = api.Token(session: "s2");
        await api.AcknowledgedAsync(api.Message(CredentialChange, SessionOfAlice, """{"credential_type":"pin","change_type":"update"}"""));

        await api.ShouldBeRevokedAsync(api.Token(session: "s1"));
        await api.ShouldBeAcceptedAsync(other);
    }

    [Theory]
    [InlineData($$"""{"format":"jwt_id","iss":"{{Issuer}}","jti":"token-1"}""")]
    [InlineData($$$$"""{"format":"complex","session":{"format":"jwt_id","iss":"{{{{Issuer}}}}","jti":"token-1"}}""")]
    public async Task A_session_that_is_named_by_a_token_ends_that_token(string subject)
    {
        await using SecurityEventApi api = await SecurityEventApi.StartAsync();
        await api.AcknowledgedAsync(api.Message(SessionRevoked, subject));

        await api.ShouldBeRevokedAsync(api.Token(id: "token-1"));
        await api.ShouldBeAcceptedAsync(api.Token(id: "token-2"));
    }

    [Theory]
    [InlineData(AccountDisabled, """{"format":"phone_number","phone_number":"+12065550100"}""")]
    [InlineData(AccountDisabled, """{"format":"account","uri":"acct:alice@example.com"}""")]
    [InlineData(AccountDisabled, """{"format":"did","url":"did:example:123456"}""")]
    [InlineData(AccountDisabled, """{"format":"https://example.com/our-own","sub":"alice"}""")]
    [InlineData(AccountDisabled, """{"format":"email","email":"alice@example.com"}""")]
    [InlineData(AccountDisabled, $$"""{"format":"jwt_id","iss":"{{Issuer}}","jti":"token-1"}""")]
    [InlineData(AccountDisabled, """{"format":"aliases","identifiers":[{"format":"did","url":"did:example:1"}]}""")]
    [InlineData(SessionRevoked, $$$$"""{"format":"complex","user":{{{{Alice}}}},"device":{"format":"opaque","id":"d"}}""")]
    [InlineData(SessionRevoked, $$$$"""{"format":"complex","user":{{{{Alice}}}},"application":{"format":"opaque","id":"a"}}""")]
    [InlineData(SessionRevoked, $$$$"""{"format":"complex","user":{{{{Alice}}}},"tenant":{"format":"opaque","id":"t"}}""")]
    [InlineData(SessionRevoked, $$"""{"format":"complex","user":{{Alice}},"tenant":"t"}""")]
    [InlineData(SessionRevoked, $$$$"""{"format":"complex","user":{{{{Alice}}}},"session":{"format":"email","email":"alice@example.com"}}""")]
    [InlineData(SessionRevoked, """{"format":"complex","device":{"format":"opaque","id":"alice"}}""")]
    public async Task What_is_not_understood_is_acknowledged_and_revokes_nothing(string type, string subject)
    {
        await using SecurityEventApi api = await SecurityEventApi.StartAsync();
        await api.AcknowledgedAsync(api.Message(type, subject));
        (await api.RevocationsAsync()).Should().BeEmpty();
    }

    [Fact]
    public async Task An_email_address_that_nobody_has_revokes_nothing()
    {
        await using SecurityEventApi api = await SecurityEventApi.StartAsync(FindAlice);
        await api.AcknowledgedAsync(api.Message(AccountDisabled, """{"format":"email","email":"bob@example.com"}"""));
        (await api.RevocationsAsync()).Should().BeEmpty();
    }

    [Fact]
    public async Task An_app_that_cannot_look_up_an_email_address_has_the_event_sent_again()
    {
        bool fails = true;
        await using SecurityEventApi api = await SecurityEventApi.StartAsync(options => options.FindByEmail = (_, _, _) =>
            fails ? throw new IOException("the database is away") : new(RevocationTarget.Subject(Issuer, "alice")));
        SecurityEventMessage message = api.Message(AccountDisabled, """{"format":"email","email":"alice@example.com"}""");
        using HttpResponseMessage response = await api.SendAsync(message);
        response.ShouldBeUnavailable();
        fails = false;
        await api.AcknowledgedAsync(message);
        await api.ShouldBeRevokedAsync(api.Token());
    }

    [Theory]
    [InlineData($$"""{"format":"iss_sub","iss":"{{Other}}","sub":"alice"}""", AccountDisabled)]
    [InlineData($$"""{"format":"iss_sub","iss":"{{Issuer}}/","sub":"alice"}""", AccountDisabled)]
    [InlineData($$$$"""{"format":"complex","user":{"format":"iss_sub","iss":"{{{{Other}}}}","sub":"alice"}}""", SessionRevoked)]
    [InlineData($$$$"""{"format":"complex","session":{"format":"iss_sub","iss":"{{{{Other}}}}","sub":"s1"}}""", SessionRevoked)]
    [InlineData($$"""{"format":"jwt_id","iss":"{{Other}}","jti":"1"}""", SessionRevoked)]
    public async Task A_transmitter_does_not_speak_for_another_issuer(string subject, string type)
    {
        await using SecurityEventApi api = await SecurityEventApi.StartAsync();
        await api.RefusedAsync(api.Message(type, subject).ToString(), "access_denied");
    }

    [Fact]
    public async Task A_transmitter_speaks_for_the_issuers_that_the_app_lists()
    {
        await using SecurityEventApi api = await SecurityEventApi.StartAsync(
            options => options.SubjectIssuers.Add(Other),
            bearer: scheme => scheme.TokenValidationParameters.ValidIssuers = [Other]);
        string alice = api.Token(issuer: Other);
        string namesake = api.Token();
        await api.AcknowledgedAsync(api.Message(AccountDisabled, $$"""{"format":"iss_sub","iss":"{{Other}}","sub":"alice"}"""));

        await api.ShouldBeRevokedAsync(alice);
        await api.ShouldBeAcceptedAsync(namesake);
    }

    [Fact]
    public async Task Of_aliases_those_count_that_the_transmitter_may_name()
    {
        await using SecurityEventApi api = await SecurityEventApi.StartAsync();
        await api.AcknowledgedAsync(api.Message(
            AccountDisabled, $$"""{"format":"aliases","identifiers":[{"format":"iss_sub","iss":"{{Other}}","sub":"a"},{{Alice}},{{Alice}}]}"""));
        (await api.RevocationsAsync()).Should().ContainSingle().Which.Target.Should().Be(RevocationTarget.Subject(Issuer, "alice"));
    }

    [Theory]
    [InlineData("tenant", SessionOfAlice, true)]
    [InlineData("user", SessionOfAlice, true)]
    [InlineData("tenant", """{"format":"complex","session":{"format":"opaque","id":"s1"},"tenant":{"format":"opaque","id":"t"}}""", false)]
    [InlineData("user", """{"format":"complex","session":{"format":"opaque","id":"s1"},"user":{"format":"did","url":"did:example:1"}}""", false)]
    public async Task An_event_with_a_critical_member_that_is_not_understood_is_discarded(string critical, string subject, bool revokes)
    {
        await using SecurityEventApi api = await SecurityEventApi.StartAsync(options => options.CriticalSubjectMembers.Add(critical));
        await api.AcknowledgedAsync(api.Message(SessionRevoked, subject));
        (await api.RevocationsAsync()).Should().HaveCount(revokes ? 1 : 0);
    }

    [Theory]
    [InlineData("""{"format":"opaque"}""")]
    [InlineData("""{"format":"opaque","id":""}""")]
    [InlineData("""{"format":"opaque","id":null}""")]
    [InlineData("""{"format":"opaque","id":1}""")]
    [InlineData("""{"format":"iss_sub","sub":"alice"}""")]
    [InlineData($$"""{"format":"iss_sub","iss":"{{Issuer}}"}""")]
    [InlineData("""{"format":"email","email":""}""")]
    [InlineData("""{"format":"aliases"}""")]
    [InlineData("""{"format":"aliases","identifiers":[]}""")]
    [InlineData($$$$"""{"format":"aliases","identifiers":{{{{Alice}}}}}""")]
    [InlineData($$"""{"format":"aliases","identifiers":[{"format":"aliases","identifiers":[{{Alice}}]}]}""")]
    [InlineData($$$$"""{"format":"aliases","identifiers":[{"format":"complex","user":{{{{Alice}}}}}]}""")]
    [InlineData("""{"format":"complex"}""")]
    [InlineData("""{"format":"complex","user":{"id":"alice"}}""")]
    [InlineData($$$$"""{"format":"complex","user":{"format":"complex","user":{{{{Alice}}}}}}""")]
    [InlineData("""{"id":"alice"}""")]
    [InlineData("""{"subject_type":"opaque","id":"alice"}""")]
    [InlineData("""{"format":["opaque"],"id":"alice"}""")]
    [InlineData("\"alice\"")]
    [InlineData("[]")]
    [InlineData("null")]
    public async Task A_subject_without_the_form_of_its_format_is_refused(string subject)
    {
        await using SecurityEventApi api = await SecurityEventApi.StartAsync();
        await api.RefusedAsync(api.Message(AccountDisabled, subject).ToString(), "invalid_request");
    }

    [Fact]
    public async Task A_subject_within_the_event_does_not_count()
    {
        await using SecurityEventApi api = await SecurityEventApi.StartAsync();
        string payload = $$$$"""{"subject":{"format":"opaque","id":"bob"}}""";
        await api.AcknowledgedAsync(api.Message(AccountDisabled, Alice, payload));
        (await api.RevocationsAsync()).Should().ContainSingle().Which.Target.Value.Should().Be("alice");
    }

    [Fact]
    public async Task Events_of_one_token_are_all_revoked_and_unknown_ones_ignored()
    {
        await using SecurityEventApi api = await SecurityEventApi.StartAsync();
        SecurityEventMessage message = api.Message(SessionRevoked, """{"format":"opaque","id":"x"}""");
        message.Claims["events"]!.AsObject()[SessionsRevoked] = new JsonObject();
        message.Claims["events"]!.AsObject()["https://example.com/unknown"] = new JsonObject { ["event_timestamp"] = "not ours" };
        await api.AcknowledgedAsync(message);

        (await api.RevocationsAsync()).Select(revocation => revocation.Target).Should().BeEquivalentTo(
            [RevocationTarget.Session(Issuer, "x"), RevocationTarget.Subject(Issuer, "x")]);
    }

    [Fact]
    public async Task A_revocation_says_which_event_it_is_of_and_who_sent_it()
    {
        await using SecurityEventApi api = await SecurityEventApi.StartAsync();
        await api.AcknowledgedAsync(api.Message());
        Revocation revocation = (await api.RevocationsAsync()).Should().ContainSingle().Which;
        revocation.Reason.Should().Be(AccountDisabled);
        revocation.Actor.Should().Be(Issuer);
    }

    private static void FindAlice(SecurityEventsOptions options) => options.FindByEmail = static (services, email, _) =>
    {
        services.Should().NotBeNull();
        return new(email == "alice@example.com" ? RevocationTarget.Subject(Issuer, "alice") : null);
    };
}
