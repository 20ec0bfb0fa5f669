using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace JwtRevocation;

/// <summary>
/// The scheme behind <c>HttpContext.SignOutAsync()</c> and <c>TypedResults.SignOut()</c>: revokes the tokens that
/// authenticated the request, and what else <see cref="SignOutScope"/> says.
/// </summary>
internal sealed class SignOutHandler(TokenRevoker revoker, ILogger<SignOutHandler> logger) : IAuthenticationSignOutHandler
{
    private HttpContext? _context;

    private HttpContext Context => _context ?? throw new InvalidOperationException("The handler was not initialized.");

    public Task InitializeAsync(AuthenticationScheme scheme, HttpContext context)
    {
        _context = context;
        return Task.CompletedTask;
    }

    public async Task SignOutAsync(AuthenticationProperties? properties)
    {
        // Not injected: a worker has none, and no sign-out either.
        IAuthenticationSchemeProvider schemes = Context.RequestServices.GetRequiredService<IAuthenticationSchemeProvider>();
        IReadOnlyCollection<string> userSchemes = await UserSchemesAsync(schemes).ConfigureAwait(false);
        ValidatedToken[] tokens =
        [
            .. ValidatedToken.In(Context).Where(token =>
                token.IsUndecided || (token.IsAccepted && (userSchemes.Contains(token.Scheme) || token.HasAuthenticated(Context.User)))),
        ];
        foreach (ValidatedToken token in tokens)
        {
            try
            {
                await RevokeAsync(token.Token, SignOutScope.From(properties)).ConfigureAwait(false);
            }
            catch (RevocationFailedException) when (!Context.Response.HasStarted && IsRead(Context.Response))
            {
                Context.Response.AnswerUnavailable();
            }
        }

        if (tokens.Length > 0)
        {
            return;
        }

        // Somebody who is signed in by a cookie alone has nothing to sign out here. Anybody else is told so, and what was wrong
        // with the token if there was one at all.
        logger.NothingToSignOut();
        if (!Context.User.Identities.Any(static identity => identity.IsAuthenticated)
            || userSchemes.Count == 0
            || ValidatedToken.AcceptedIn(Context).Any()
            || await RequestSchemes.AnyBearerAsync(userSchemes, schemes).ConfigureAwait(false))
        {
            await RefuseAsync(schemes).ConfigureAwait(false);
        }
    }

    /// <summary>The schemes that the user comes from, or will.</summary>
    private async Task<IReadOnlyCollection<string>> UserSchemesAsync(IAuthenticationSchemeProvider schemes)
    {
        bool isSignedIn = Context.User.Identities.Any(static identity => identity.IsAuthenticated);

        // An event of the app may sign out the very token that it is asked about. A scheme that is busy with this request must
        // not be asked: it would call the event again, or wait for it.
        if (ChallengeUnderWay.IsIn(Context) || ValidatedToken.In(Context).Any(static token => token.IsUndecided))
        {
            // Nothing is noted of a user whom somebody else has put in place: a middleware that knows more of him, say.
            IReadOnlyCollection<string> noted = await RequestSchemes.NotedAsync(Context, schemes).ConfigureAwait(false);
            return noted.Count > 0 || !isSignedIn ? noted : await DefaultAsync().ConfigureAwait(false);
        }

        IReadOnlyCollection<string> asked = [];
        await ChallengeUnderWay.RunAsync(
            Context,
            async () => asked = await RequestSchemes.OfUserAsync(Context, schemes).ConfigureAwait(false)).ConfigureAwait(false);

        // As the app's claims transformation is asked, nobody is signed in yet.
        return asked.Count > 0 || isSignedIn ? asked : await DefaultAsync().ConfigureAwait(false);

        async Task<IReadOnlyCollection<string>> DefaultAsync() =>
            (await schemes.GetDefaultAuthenticateSchemeAsync().ConfigureAwait(false))?.Name is { } name ? [name] : [];
    }

    private async Task RefuseAsync(IAuthenticationSchemeProvider schemes)
    {
        if (!IsRead(Context.Response))
        {
            throw new InvalidOperationException("There is no token to sign out: no JwtBearer scheme that JwtRevocation covers has authenticated the user.");
        }

        if (!ChallengeUnderWay.IsIn(Context))
        {
            AuthenticationScheme? scheme = await schemes.GetDefaultChallengeSchemeAsync().ConfigureAwait(false);
            await (scheme is null
                ? ChallengeAsync(properties: null)
                : ChallengeUnderWay.RunAsync(Context, () => Context.ChallengeAsync(scheme.Name))).ConfigureAwait(false);
        }
    }

    // A SignalR hub over long polling has a context whose response goes nowhere: what is written to it would look like success.
    private static bool IsRead(HttpResponse response) => response.Body != Stream.Null;

    // Not cancelled when the client hangs up: it asked for this.
    private async Task RevokeAsync(SecurityToken token, SignOutScope.Scope scope)
    {
        var self = RevocationTarget.OfValidated(token);

        // Itself by its signature first: its issuer's clock may be ahead of ours, and it may have no subject.
        if (scope != SignOutScope.Scope.Others)
        {
            await revoker.RevokeAsync(self).ConfigureAwait(false);
        }

        if (scope != SignOutScope.Scope.Token && TokenClaims.GetText(token, JwtRegisteredClaimNames.Sub) is { } subject)
        {
            string issuer = token.Issuer ?? "";
            string? session = TokenClaims.GetText(token, JwtRegisteredClaimNames.Sid);
            RevocationDetails details = new()
            {
                Except = scope != SignOutScope.Scope.Others ? null : session is null ? self : RevocationTarget.Session(issuer, session),
            };
            await revoker.RevokeAsync(RevocationTarget.Subject(issuer, subject), details).ConfigureAwait(false);
        }
    }

    public Task<AuthenticateResult> AuthenticateAsync() => Task.FromResult(AuthenticateResult.NoResult());

    public Task ChallengeAsync(AuthenticationProperties? properties)
    {
        Context.Response.StatusCode = StatusCodes.Status401Unauthorized;
        return Task.CompletedTask;
    }

    public Task ForbidAsync(AuthenticationProperties? properties)
    {
        Context.Response.StatusCode = StatusCodes.Status403Forbidden;
        return Task.CompletedTask;
    }
}
