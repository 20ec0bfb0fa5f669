using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Http;
using Microsoft.IdentityModel.Tokens;

namespace JwtRevocation;

/// <summary>
/// Stands before the app's own events: remembers the validated token for signing out, and puts what became of a refused
/// one into the challenge.
/// </summary>
/// <param name="appEvents">The app's <c>Events</c>, if it has any.</param>
/// <param name="appEventsType">The app's <c>EventsType</c>, which goes before its <c>Events</c>, as in JwtBearer.</param>
internal sealed class RevocationBearerEvents(JwtBearerEvents? appEvents, Type? appEventsType) : JwtBearerEvents
{
    public override Task MessageReceived(MessageReceivedContext context) => AppEvents(context.HttpContext).MessageReceived(context);

    public override Task Forbidden(ForbiddenContext context) => AppEvents(context.HttpContext).Forbidden(context);

    public override Task TokenValidated(TokenValidatedContext context)
    {
        Task task = AppEvents(context.HttpContext).TokenValidated(context);
        if (!task.IsCompletedSuccessfully)
        {
            return RememberLater(task, context);
        }

        Remember(context);
        return task;
    }

    public override Task AuthenticationFailed(AuthenticationFailedContext context)
    {
        if (Find<SecurityTokenRevocationUnknownException>(context.Exception) is not null)
        {
            context.HttpContext.Features.Set(StatusUnknown.Instance);
        }

        return AppEvents(context.HttpContext).AuthenticationFailed(context);
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

        return AppEvents(context.HttpContext).Challenge(context);
    }

    private static async Task RememberLater(Task task, TokenValidatedContext context)
    {
        await task.ConfigureAwait(false);
        Remember(context);
    }

    // Unless the app itself decided against the token.
    private static void Remember(TokenValidatedContext context)
    {
        if (context is { Result: null or { Succeeded: true }, SecurityToken: not null })
        {
            ValidatedToken.Remember(context);
        }
    }

    // JwtBearer reports the failures of several token handlers together.
    private static TException? Find<TException>(Exception? failure)
        where TException : SecurityTokenValidationException =>
        failure as TException ?? (failure as AggregateException)?.InnerExceptions.OfType<TException>().FirstOrDefault();

    private JwtBearerEvents AppEvents(HttpContext context) =>
        appEventsType is null ? appEvents ?? None : ResolvedEvents.Get(context, this, appEventsType);

    private static readonly JwtBearerEvents None = new();

    private sealed class StatusUnknown
    {
        public static readonly StatusUnknown Instance = new();
    }
}
