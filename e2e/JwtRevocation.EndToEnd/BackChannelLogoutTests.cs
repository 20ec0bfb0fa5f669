using System.Net;
using Microsoft.IdentityModel.JsonWebTokens;

namespace JwtRevocation.EndToEnd;

/// <summary>The receiver of logout tokens (OpenID Connect Back-Channel Logout 1.0), driven by an issuer that is not ours.</summary>
public sealed class BackChannelLogoutTests : IAsyncLifetime
{
    private const string PerSession = "per-session";
    private const string PerUser = "per-user";
    private const string Stranger = "stranger";

    private static readonly (HttpStatusCode, string) Accepted = (HttpStatusCode.OK, "");
    private static readonly (HttpStatusCode, string) Revoked =
        (HttpStatusCode.Unauthorized, "Bearer error=\"invalid_token\", error_description=\"The token was revoked\"");

    private readonly List<Browser> _browsers = [];
    private IndependentIssuer _issuer = null!;
    private ApiWithLogout _api = null!;

    public async ValueTask InitializeAsync()
    {
        _issuer = await IndependentIssuer.StartAsync();
        _api = await ApiWithLogout.StartAsync(_issuer, PerSession, PerUser);
        await _issuer.RegisterClientAsync(PerSession, _api.LogoutAddress, sessionRequired: true);
        await _issuer.RegisterClientAsync(PerUser, _api.LogoutAddress, sessionRequired: false);
        await _issuer.RegisterClientAsync(Stranger, _api.LogoutAddress, sessionRequired: true);
    }

    public async ValueTask DisposeAsync()
    {
        _browsers.ForEach(browser => browser.Dispose());
        await (_api?.DisposeAsync() ?? ValueTask.CompletedTask);
        await (_issuer?.DisposeAsync() ?? ValueTask.CompletedTask);
    }

    [Fact]
    public async Task BackChannelLogout_ends_the_session_that_ends_at_the_issuer_and_no_other()
    {
        Browser phone = NewBrowser();
        SignedIn onPhone = await SignInAsync(phone, PerSession, "alice");
        SignedIn onLaptop = await SignInAsync(NewBrowser(), PerSession, "alice");
        SignedIn bob = await SignInAsync(NewBrowser(), PerSession, "bob");

        await phone.SignOutAsync();

        (await _api.MeAsync(onPhone.AccessToken)).Should().Be(Revoked, "its session has ended");
        (await _api.MeAsync(onLaptop.AccessToken)).Should().Be(Accepted, "it is of another session");
        (await _api.MeAsync(bob.AccessToken)).Should().Be(Accepted, "it is of another user");
        ReceivedLogout logout = _api.Received.Should().ContainSingle("one client was signed in with in that session").Subject;
        logout.Names("sid").Should().BeTrue("the client requires it");
        logout.Should().BeEquivalentTo(new { Status = 200, CacheControl = "no-store" });
    }

    [Fact]
    public async Task BackChannelLogout_also_refuses_what_the_ended_session_got_earlier()
    {
        Browser phone = NewBrowser();
        SignedIn first = await SignInAsync(phone, PerSession, "alice");
        SignedIn second = await SignInAsync(phone, PerSession, "alice");
        second.AccessToken.Should().NotBe(first.AccessToken);

        await phone.SignOutAsync();

        (await _api.MeAsync(first.AccessToken)).Should().Be(Revoked);
        (await _api.MeAsync(second.AccessToken)).Should().Be(Revoked);
    }

    [Fact]
    public async Task BackChannelLogout_ends_all_sessions_of_the_user_if_the_logout_token_names_none()
    {
        Browser phone = NewBrowser();
        SignedIn onPhone = await SignInAsync(phone, PerUser, "alice");
        SignedIn onLaptop = await SignInAsync(NewBrowser(), PerUser, "alice");
        SignedIn bob = await SignInAsync(NewBrowser(), PerUser, "bob");

        await phone.SignOutAsync();

        (await _api.MeAsync(onPhone.AccessToken)).Should().Be(Revoked, "its session has ended");
        (await _api.MeAsync(onLaptop.AccessToken)).Should().Be(Revoked, "it is of the same user");
        (await _api.MeAsync(bob.AccessToken)).Should().Be(Accepted, "it is of another user");
        ReceivedLogout logout = _api.Received.Should().ContainSingle().Subject;
        logout.Names("sid").Should().BeFalse("the client does not require it");
        logout.Names("sub").Should().BeTrue();
        logout.Should().BeEquivalentTo(new { Status = 200, CacheControl = "no-store" });
    }

    [Fact]
    public async Task BackChannelLogout_lets_the_user_sign_in_again()
    {
        Browser browser = NewBrowser();
        SignedIn before = await SignInAsync(browser, PerUser, "alice");
        await browser.SignOutAsync();
        (await _api.MeAsync(before.AccessToken)).Should().Be(Revoked);

        // The issuer counts in seconds, so that a token of the second of the logout may be one from before it.
        using CancellationTokenSource late = new(TimeSpan.FromSeconds(30));
        while (await _api.MeAsync((await browser.SignInAsync(PerUser, "alice")).AccessToken) != Accepted)
        {
            await Task.Delay(50, late.Token);
        }

        (await _api.MeAsync(before.AccessToken)).Should().Be(Revoked, "a new token brings no old one back");
    }

    [Fact]
    public async Task BackChannelLogout_takes_no_other_token_of_the_issuer_for_a_logout_token()
    {
        SignedIn alice = await SignInAsync(NewBrowser(), PerSession, "alice");

        await _api.PostLogoutAsync(alice.IdToken);
        await _api.PostLogoutAsync(alice.AccessToken);

        _api.Received.Should().HaveCount(2).And.AllBeEquivalentTo(new { Status = 400, CacheControl = "no-store" });
        (await _api.MeAsync(alice.AccessToken)).Should().Be(Accepted, "an ID token ends nothing, though its issuer, audience, session and key are right");
    }

    [Fact]
    public async Task BackChannelLogout_takes_no_logout_token_that_is_for_another_client()
    {
        Browser browser = NewBrowser();
        SignedIn alice = await SignInAsync(browser, Stranger, "alice");

        await browser.SignOutAsync();

        _api.Received.Should().ContainSingle().Which.Should().BeEquivalentTo(new { Status = 400, CacheControl = "no-store" });
        (await _api.MeAsync(alice.AccessToken)).Should().Be(Accepted, "the API was not told of that client");
    }

    private Browser NewBrowser()
    {
        Browser browser = new(_issuer);
        _browsers.Add(browser);
        return browser;
    }

    private async Task<SignedIn> SignInAsync(Browser browser, string clientId, string user)
    {
        SignedIn signedIn = await browser.SignInAsync(clientId, user);
        new JsonWebToken(signedIn.AccessToken).Typ.Should().Be("at+jwt", "RFC 9068 says so");
        (await _api.MeAsync(signedIn.AccessToken)).Should().Be(Accepted, "the token has just been issued");
        return signedIn;
    }
}
