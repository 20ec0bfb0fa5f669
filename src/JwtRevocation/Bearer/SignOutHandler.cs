using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace JwtRevocation;

/// <summary>
/// The scheme behind <c>HttpContext.SignOutAsync()</c> and <c>TypedResults.SignOut()</c>: revokes the tokens that
/// authenticated the request.
/// </summary>
internal sealed class SignOutHandler(
    TokenRevoker revoker, IAuthenticationSchemeProvider schemes, ILogger<SignOutHandler> logger) : IAuthenticationSignOutHandler
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
        bool any = false;
        foreach (var token in ValidatedToken.AllOf(Context))
        {
            any = true;
            try
            {
                // Not cancelled when the client hangs up: it asked for its token to be revoked.
                await revoker.RevokeAsync(RevocationTarget.OfValidated(token), CancellationToken.None).ConfigureAwait(false);
            }
            catch (RevocationFailedException) when (!Context.Response.HasStarted)
            {
                // Last of all, so that an endpoint which goes on and answers 200 does not hide it.
                Context.Response.OnStarting(
                    static response =>
                    {
                        ((HttpResponse)response).AnswerUnavailable();
                        return Task.CompletedTask;
                    },
                    Context.Response);
                Context.Response.AnswerUnavailable();
            }
        }

        if (!any)
        {
            logger.NothingToSignOut();
            await ChallengeByDefaultAsync().ConfigureAwait(false);
        }
    }

    // Says what was wrong with the token, if there was one at all.
    private async Task ChallengeByDefaultAsync()
    {
        AuthenticationScheme? scheme = await schemes.GetDefaultChallengeSchemeAsync().ConfigureAwait(false);
        await (scheme is null ? ChallengeAsync(properties: null) : Context.ChallengeAsync(scheme.Name)).ConfigureAwait(false);
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
