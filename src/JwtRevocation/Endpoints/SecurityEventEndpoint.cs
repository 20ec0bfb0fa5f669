using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace JwtRevocation;

/// <summary>Answers a transmitter that pushes a security event token (RFC 8935, section 2).</summary>
/// <remarks>
/// It keeps nothing of what it has received: an event revokes what was issued up to the time of the event, so that it does no
/// more the second time than it did the first, on whatever node, and is the same entry of a shared log.
/// </remarks>
internal sealed class SecurityEventEndpoint(
    IssuerMessages messages,
    ITokenRevoker revoker,
    RevocationMetrics metrics,
    TimeProvider timeProvider,
    ILogger<SecurityEventEndpoint> logger)
{
    private int _toldOfType;
    private int _toldOfSubject;

    public async Task<IResult> AnswerAsync(HttpContext context, string scheme, SecurityEventsOptions options)
    {
        context.Response.Headers.CacheControl = "no-store";
        if (!SecurityEventBody.IsSecurityEvent(context.Request))
        {
            return await AnswerAsync(context, StatusCodes.Status415UnsupportedMediaType, $"The body must be of the type {SecurityEventBody.ContentType}.").ConfigureAwait(false);
        }

        try
        {
            return await SecurityEventBody.ReadAsync(context.Request, context.RequestAborted).ConfigureAwait(false) is { } body
                ? await AnswerAsync(context, scheme, options, body).ConfigureAwait(false)
                : await AnswerTooLargeAsync(context).ConfigureAwait(false);
        }
        catch (BadHttpRequestException exception) when (exception.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            return await AnswerTooLargeAsync(context).ConfigureAwait(false);
        }
    }

    private async Task<IResult> AnswerAsync(HttpContext context, string scheme, SecurityEventsOptions options, string body)
    {
        try
        {
            JsonWebToken jwt = await messages.ValidateAsync(scheme, [.. options.Audiences], body, context.RequestAborted).ConfigureAwait(false);
            TimeSpan skew = messages.ClockSkewOf(scheme);
            var token = SecurityEventToken.Read(jwt, timeProvider.GetUtcNow(), skew);
            await ConfirmAsync(context, token, options).ConfigureAwait(false);
            metrics.SecurityEventReceived(await RevokeAsync(context, token, options).ConfigureAwait(false));
            return TypedResults.Accepted((string?)null);
        }
        catch (SigningKeysUnavailableException exception)
        {
            LogUndecided(exception);
            return await AnswerUnavailableAsync(context).ConfigureAwait(false);
        }
        catch (RevocationFailedException)
        {
            return await AnswerUnavailableAsync(context).ConfigureAwait(false);
        }
        catch (SecurityTokenValidationException exception)
        {
            return Refuse(context, SecurityEventError.Of(exception));
        }
        catch (SecurityEventException exception)
        {
            return Refuse(context, exception.Error);
        }
    }

    private async Task ConfirmAsync(HttpContext context, SecurityEventToken token, SecurityEventsOptions options)
    {
        if (token.Events.FirstOrDefault(static each => each.Type == SecurityEventTypes.Verification) is not { } verification)
        {
            return;
        }

        if (token.Subject is not { Format: "opaque", Value: { } stream })
        {
            throw SecurityEventException.Invalid("A verification event does not name its stream.");
        }

        if (options.ConfirmVerification is { } confirm
            && !await AskAsync(() => confirm(context.RequestServices, stream, verification.State, context.RequestAborted), context).ConfigureAwait(false))
        {
            throw new SecurityEventException(new(SecurityEventError.InvalidState, "No verification of this stream was asked for, or not with this state."));
        }
    }

    /// <summary>Revokes what a token asks for.</summary>
    /// <returns>What became of it, for those who count.</returns>
    private async Task<string> RevokeAsync(HttpContext context, SecurityEventToken token, SecurityEventsOptions options)
    {
        Dictionary<RevocationTarget, RevocationDetails> revocations = [];
        bool isUnderstood = true;
        foreach (SecurityEvent each in token.Events)
        {
            if (!SecurityEventTypes.IsKnown(each.Type))
            {
                isUnderstood = false;
                LogLevel level = LevelOf(ref _toldOfType);
                logger.SecurityEventTypeUnknown(level);
            }
            else if (SecurityEventTypes.Revokes(each))
            {
                SecurityEventTargets targets = new(token.Issuer, options, context.RequestServices);
                await AskAsync(
                    async ValueTask<bool> () =>
                    {
                        await targets.FindAsync(each, token.Subject, context.RequestAborted).ConfigureAwait(false);
                        return true;
                    },
                    context).ConfigureAwait(false);
                if (targets is { IsDenied: true, Found.Count: 0 })
                {
                    throw new SecurityEventException(new(SecurityEventError.AccessDenied, "Events of this issuer about subjects of that one are not accepted."));
                }

                if (!targets.IsUnderstood)
                {
                    isUnderstood = false;
                    LogLevel level = LevelOf(ref _toldOfSubject);
                    logger.SecurityEventSubjectUnknown(level, each.Type);
                }

                foreach (RevocationTarget target in targets.Found)
                {
                    // Of events about the same target, the latest takes in the others.
                    RevocationDetails details = DetailsOf(target, each, token);
                    if (!revocations.TryGetValue(target, out RevocationDetails? held) || details.Cutoff > held.Cutoff)
                    {
                        revocations[target] = details;
                    }
                }
            }
        }

        foreach ((RevocationTarget target, RevocationDetails details) in revocations)
        {
            await RevokeAsync(target, details).ConfigureAwait(false);
        }

        return !isUnderstood ? "not_understood" : revocations.Count > 0 ? "revoked" : "nothing_to_revoke";
    }

    private async Task RevokeAsync(RevocationTarget target, RevocationDetails details)
    {
        try
        {
            // Not cancelled when the transmitter hangs up: it will not send again what it believes to have been taken.
            await revoker.RevokeAsync(target, details, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is not RevocationFailedException)
        {
            // Of a revoker that the app has put in its place.
            logger.SecurityEventFailed(exception);
            throw new RevocationFailedException("The revoker failed.", exception);
        }
    }

    private static RevocationDetails DetailsOf(RevocationTarget target, SecurityEvent securityEvent, SecurityEventToken token)
    {
        // It cannot have happened after the token was issued, whatever it says.
        DateTimeOffset happened = securityEvent.Time ?? token.TimeOfEvent ?? token.IssuedAt;
        return new()
        {
            Cutoff = !target.HasCutoff ? null : happened < token.IssuedAt ? happened : token.IssuedAt,
            IsByMessage = true,
            Reason = securityEvent.Type,
            Actor = token.Issuer,
        };
    }

    /// <summary>Asks the app. What it throws means that it may know better before long.</summary>
    private async ValueTask<T> AskAsync<T>(Func<ValueTask<T>> question, HttpContext context)
    {
        try
        {
            return await question().ConfigureAwait(false);
        }
        catch (Exception exception) when (!context.RequestAborted.IsCancellationRequested)
        {
            logger.SecurityEventQuestionFailed(exception);
            throw new RevocationFailedException("The app could not say what the event is about.", exception);
        }
    }

    // A key that is not known yet is nothing to warn of: whoever writes a token may name any.
    private void LogUndecided(SigningKeysUnavailableException exception)
    {
        if (exception.InnerException is SecurityTokenSignatureKeyNotFoundException)
        {
            logger.SecurityEventOfUnknownKey();
        }
        else
        {
            logger.SecurityEventUndecided(exception);
        }
    }

    // Of what a transmitter sends all day, the first says it all.
    private static LogLevel LevelOf(ref int told) => Interlocked.Exchange(ref told, 1) == 0 ? LogLevel.Warning : LogLevel.Debug;

    private JsonHttpResult<SecurityEventError> Refuse(HttpContext context, SecurityEventError error)
    {
        logger.SecurityEventRefused(error.Error, error.Description);
        metrics.SecurityEventReceived(error.Error);
        context.Response.Headers.ContentLanguage = "en";
        return TypedResults.Json(error, SecurityEventJson.Default.SecurityEventError, "application/json", StatusCodes.Status400BadRequest);
    }

    private static Task<IResult> AnswerTooLargeAsync(HttpContext context) =>
        AnswerAsync(context, StatusCodes.Status413PayloadTooLarge, $"The body must have {IssuerMessages.LargestMessage} bytes at most.");

    private Task<IResult> AnswerUnavailableAsync(HttpContext context)
    {
        metrics.SecurityEventReceived("unavailable");
        context.Response.AnswerUnavailable();
        return AnswerAsync(context, StatusCodes.Status503ServiceUnavailable, "The event was not stored. Send it again.");
    }

    // What is wrong with the request, and not with the token, is said in HTTP's way (RFC 8935, section 2.3). Not by
    // TypedResults.Problem: where the app has no problem details, that would need what a native app may not have.
    private static async Task<IResult> AnswerAsync(HttpContext context, int status, string detail)
    {
        context.Response.StatusCode = status;
        if (context.RequestServices.GetService<IProblemDetailsService>() is { } problems)
        {
            await problems.TryWriteAsync(new() { HttpContext = context, ProblemDetails = { Status = status, Detail = detail } }).ConfigureAwait(false);
        }

        return TypedResults.Empty;
    }
}
