using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.Tokens;

namespace JwtRevocation;

/// <summary>Answers a client that wants to revoke a token (RFC 7009, section 2).</summary>
internal sealed class TokenRevocationEndpoint(
    BearerSchemes bearerSchemes,
    ITokenRevoker revoker,
    RevocationMetrics metrics,
    ILogger<TokenRevocationEndpoint> logger)
{
    private const string RefreshToken = "refresh_token";

    public async Task<IResult> AnswerAsync(HttpContext context, Func<ClaimsPrincipal, SecurityToken, bool>? mayRevoke)
    {
        // As RFC 6749, section 5.1, has it for what concerns tokens.
        context.Response.Headers.CacheControl = "no-store";
        context.Response.Headers.Pragma = "no-cache";

        IFormCollection? form = await MessageForm.ReadAsync(context).ConfigureAwait(false);
        if (form is null || MessageForm.Single(form, TokenRevocationForm.TokenName) is not { } encoded || form[TokenRevocationForm.HintName].Count > 1)
        {
            return Refuse("invalid_request", "The request must be a form with one token, and no parameter twice or too long.");
        }

        SecurityToken token;
        try
        {
            token = await bearerSchemes.ValidateAsync(encoded.Trim(), context.RequestAborted).ConfigureAwait(false);
        }
        catch (SigningKeysUnavailableException exception)
        {
            LogUndecided(exception);
            return await AnswerUnavailableAsync(context).ConfigureAwait(false);
        }
        catch (SecurityTokenValidationException)
        {
            return AnswerInvalid(MessageForm.Single(form, TokenRevocationForm.HintName));
        }

        return await AnswerValidAsync(context, token, mayRevoke).ConfigureAwait(false);
    }

    /// <summary>
    /// What is not valid is as good as revoked (section 2.2); but it may be a refresh token, and that is alive.
    /// </summary>
    private IResult AnswerInvalid(string? hint)
    {
        if (hint == RefreshToken)
        {
            return Refuse("unsupported_token_type", "Only access tokens can be revoked here.");
        }

        logger.NothingToRevoke();
        metrics.RevocationRequested("invalid_token");
        return TypedResults.Ok();
    }

    private async Task<IResult> AnswerValidAsync(
        HttpContext context, SecurityToken token, Func<ClaimsPrincipal, SecurityToken, bool>? mayRevoke)
    {
        if (!TokenFingerprint.TryCreate(token, out _))
        {
            return Refuse("unsupported_token_type", "Only access tokens that are JWTs can be revoked here.");
        }

        if (!await MayRevokeAsync(context, SignedToken.Of(token), mayRevoke).ConfigureAwait(false))
        {
            return Refuse("invalid_grant", "The token was issued to somebody else.");
        }

        try
        {
            // Not cancelled when the client hangs up: it asked for this.
            await revoker.RevokeAsync(RevocationTarget.OfValidated(token), CancellationToken.None).ConfigureAwait(false);
        }
        catch (RevocationFailedException)
        {
            return await AnswerUnavailableAsync(context).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            // Of a revoker that the app has put in its place.
            logger.RevocationRequestFailed(exception);
            return await AnswerUnavailableAsync(context).ConfigureAwait(false);
        }

        metrics.RevocationRequested("revoked");
        return TypedResults.Ok();
    }

    private static async ValueTask<bool> MayRevokeAsync(
        HttpContext context, SecurityToken token, Func<ClaimsPrincipal, SecurityToken, bool>? mayRevoke)
    {
        if (mayRevoke is not null)
        {
            return mayRevoke(context.User, token);
        }

        if (context.GetEndpoint()?.Metadata.GetMetadata<IAllowAnonymous>() is not null)
        {
            return true;
        }

        // Not injected: a worker has none, and no endpoints either.
        IAuthenticationSchemeProvider schemes = context.RequestServices.GetRequiredService<IAuthenticationSchemeProvider>();
        return await TokenRevocationCaller.OwnsAsync(context, schemes, token).ConfigureAwait(false);
    }

    private JsonHttpResult<OAuthError> Refuse(string error, string description)
    {
        logger.RevocationRequestRefused(error);
        metrics.RevocationRequested(error);
        return TypedResults.Json(new OAuthError(error, description), EndpointJson.Default.OAuthError, statusCode: StatusCodes.Status400BadRequest);
    }

    // Not by TypedResults.Problem: where the app has no problem details, that would need what a native app may not have.
    private async Task<IResult> AnswerUnavailableAsync(HttpContext context)
    {
        metrics.RevocationRequested("unavailable");
        context.Response.AnswerUnavailable();
        if (context.RequestServices.GetService<IProblemDetailsService>() is { } problems)
        {
            await problems.TryWriteAsync(new()
            {
                HttpContext = context,
                ProblemDetails =
                {
                    Status = StatusCodes.Status503ServiceUnavailable,
                    Detail = "The token was not revoked. Try again.",
                },
            }).ConfigureAwait(false);
        }

        return TypedResults.Empty;
    }

    // A key that is not known yet is nothing to warn of: whoever writes a token may name any.
    private void LogUndecided(SigningKeysUnavailableException exception)
    {
        if (exception.InnerException is SecurityTokenSignatureKeyNotFoundException)
        {
            logger.RevocationRequestOfUnknownKey();
        }
        else
        {
            logger.RevocationRequestUndecided(exception);
        }
    }
}
