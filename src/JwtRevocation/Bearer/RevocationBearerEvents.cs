using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Http;
using Microsoft.IdentityModel.Tokens;

namespace JwtRevocation;

/// <summary>
/// Stands before the app's own events: remembers the validated token for signing out, and puts what became of a refused
/// one into the challenge.
/// </summary>
/// <remarks>
/// The app's events are behind the On… delegates, which the base class calls, so that whoever reads or replaces one of them
/// later finds what would be there without the library.
/// </remarks>
internal sealed class RevocationBearerEvents : JwtBearerEvents
{
    private readonly RevocationCheck _check;
    private volatile bool _parametersAreReplaced;

    /// <param name="appEvents">The app's <c>Events</c>, if it has any.</param>
    /// <param name="appEventsType">The app's <c>EventsType</c>, which goes before its <c>Events</c>, as in JwtBearer.</param>
    /// <param name="check">Asks the store.</param>
    public RevocationBearerEvents(JwtBearerEvents? appEvents, Type? appEventsType, RevocationCheck check)
    {
        _check = check;
        if (appEventsType is not null)
        {
            OnMessageReceived = context => Resolve(context.HttpContext).MessageReceived(context);
            OnTokenValidated = context => Resolve(context.HttpContext).TokenValidated(context);
            OnAuthenticationFailed = context => Resolve(context.HttpContext).AuthenticationFailed(context);
            OnChallenge = context => Resolve(context.HttpContext).Challenge(context);
            OnForbidden = context => Resolve(context.HttpContext).Forbidden(context);
        }
        else if (appEvents is not null)
        {
            OnMessageReceived = appEvents.MessageReceived;
            OnTokenValidated = appEvents.TokenValidated;
            OnAuthenticationFailed = appEvents.AuthenticationFailed;
            OnChallenge = appEvents.Challenge;
            OnForbidden = appEvents.Forbidden;
        }

        JwtBearerEvents Resolve(HttpContext context) => ResolvedEvents.Get(context, this, appEventsType);
    }

    /// <summary>
    /// Notes that the app puts parameters of its own in the place of those that were protected: for a request, perhaps. Which
    /// of them a token was validated by, the options do not tell from then on.
    /// </summary>
    public void ParametersWereReplaced() => _parametersAreReplaced = true;

    public override Task TokenValidated(TokenValidatedContext context)
    {
        if (!WasChecked(context) && !IsAccepted(context))
        {
            return Task.CompletedTask;
        }

        ValidatedToken token = ValidatedToken.Remember(context);
        Task task;
        try
        {
            task = base.TokenValidated(context);
        }
        catch
        {
            token.IsRefused();
            throw;
        }

        if (!task.IsCompletedSuccessfully)
        {
            return DecideLater(task, token);
        }

        token.IsDecided();
        return task;
    }

    public override Task AuthenticationFailed(AuthenticationFailedContext context)
    {
        Note(context.HttpContext, context.Exception);
        return ChallengeUnderWay.RunAsync(context.HttpContext, () => base.AuthenticationFailed(context));
    }

    public override Task Challenge(JwtBearerChallengeContext context)
    {
        // Of this scheme, or of another one of the request: a 401 from either would sign out somebody who is signed in.
        if (context.HttpContext.Features.Get<StatusUnknown>() is not null)
        {
            context.HttpContext.Response.AnswerUnavailable();
            context.HandleResponse();
            return Task.CompletedTask;
        }

        if (context.Options.IncludeErrorDetails && Find<SecurityTokenRevokedException>(context.AuthenticateFailure) is { } revoked)
        {
            context.ErrorDescription = string.IsNullOrEmpty(context.ErrorDescription)
                ? revoked.Description
                : $"{context.ErrorDescription}; {revoked.Description}";
        }

        return ChallengeUnderWay.RunAsync(context.HttpContext, () => base.Challenge(context));
    }

    /// <summary>
    /// Whether the store was asked when the token was validated. It was not when the app put other parameters in place for
    /// this request, or perhaps when a handler of its own validated the token.
    /// </summary>
    private bool WasChecked(TokenValidatedContext context)
    {
        if (!RevocationLifetimeValidator.IsProtected(context.Options.TokenValidationParameters, _check))
        {
            ParametersWereReplaced();
        }

        return !_parametersAreReplaced && BearerProtection.HandlersAreStock(context.Options);
    }

    private bool IsAccepted(TokenValidatedContext context)
    {
        try
        {
            _check.ThrowIfRevoked(context.SecurityToken);
            return true;
        }
        catch (SecurityTokenValidationException refused)
        {
            Note(context.HttpContext, refused);
            context.Fail(refused);
            return false;
        }
    }

    private static void Note(HttpContext context, Exception failure)
    {
        if (Find<SecurityTokenRevocationUnknownException>(failure) is not null)
        {
            context.Features.Set(StatusUnknown.Instance);
        }
    }

    private static async Task DecideLater(Task task, ValidatedToken token)
    {
        try
        {
            await task.ConfigureAwait(false);
            token.IsDecided();
        }
        catch
        {
            token.IsRefused();
            throw;
        }
    }

    // JwtBearer reports the failures of several token handlers together, and a handler of the app may wrap one.
    private static TException? Find<TException>(Exception? failure)
        where TException : SecurityTokenValidationException => failure switch
        {
            null => null,
            TException found => found,
            AggregateException several => several.InnerExceptions.Select(Find<TException>).FirstOrDefault(found => found is not null),
            _ => Find<TException>(failure.InnerException),
        };

    private sealed class StatusUnknown
    {
        public static readonly StatusUnknown Instance = new();
    }
}
