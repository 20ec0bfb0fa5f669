using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using Microsoft.Net.Http.Headers;

namespace JwtRevocation;

/// <summary>Carries out a back-channel logout request (OpenID Connect Back-Channel Logout 1.0, sections 2.5 to 2.8).</summary>
internal sealed class BackChannelLogoutEndpoint(
    IssuerMessages messages,
    ITokenRevoker revoker,
    BackChannelLogoutReplays replays,
    RevocationMetrics metrics,
    TimeProvider timeProvider,
    ILogger<BackChannelLogoutEndpoint> logger)
{
    public const string Reason = "OpenID Connect Back-Channel Logout";

    public async Task<Results<Ok, JsonHttpResult<OAuthError>>> HandleAsync(
        HttpContext context, string scheme, IReadOnlyCollection<string> audiences)
    {
        context.Response.Headers.CacheControl = "no-store";
        try
        {
            return await ReadFormAsync(context).ConfigureAwait(false) is { } encoded
                ? await LogOutAsync(scheme, audiences, encoded, context.RequestAborted).ConfigureAwait(false)
                : Refused("the request has no form with one logout_token, or is too large");
        }
        catch (SigningKeysUnavailableException exception)
        {
            LogUndecided(exception);
            return Failed("The signing keys of the issuer are out of reach.");
        }
        catch (SecurityTokenValidationException exception)
        {
            // The type only: texts of other libraries may hold something of the token.
            return Refused("its signature, issuer, audience or times are not valid", exception.InnerException);
        }
        catch (Exception exception) when (!context.RequestAborted.IsCancellationRequested)
        {
            // Of whatever kind it is: a logout that failed is answered with 400 (section 2.8), and never with a 500.
            logger.LogoutFailed(exception);
            return Failed("The logout was not carried out.");
        }
    }

    private static async Task<string?> ReadFormAsync(HttpContext context) =>
        MediaTypeHeaderValue.TryParse(context.Request.ContentType, out MediaTypeHeaderValue? type)
        && type.MediaType.Equals(MessageForm.ContentType, StringComparison.OrdinalIgnoreCase)
        && await MessageForm.ReadAsync(context).ConfigureAwait(false) is { } form
            ? MessageForm.Single(form, "logout_token")
            : null;

    private async Task<Results<Ok, JsonHttpResult<OAuthError>>> LogOutAsync(
        string scheme, IReadOnlyCollection<string> audiences, string encoded, CancellationToken cancellationToken)
    {
        JsonWebToken token = await messages.ValidateAsync(scheme, audiences, encoded, cancellationToken).ConfigureAwait(false);
        if (BackChannelLogoutToken.Read(token, out string problem) is not { } logout)
        {
            return Refused(problem);
        }

        TimeSpan skew = messages.ClockSkewOf(scheme);
        DateTimeOffset now = timeProvider.GetUtcNow();
        if (logout.IssuedAt - now > skew || now - logout.Expires >= skew)
        {
            return Refused("it was issued in the future, or has expired");
        }

        if (replays.Contains(logout.Issuer, logout.Id))
        {
            return Refused("it was received before");
        }

        // Not cancelled when the provider hangs up: it asked for this.
        (RevocationTarget target, RevocationDetails details) = Revocation(logout);
        await revoker.RevokeAsync(target, details, CancellationToken.None).ConfigureAwait(false);
        replays.Add(logout.Issuer, logout.Id, Later(logout.Expires, skew));
        metrics.LogoutRequest("accepted");
        return TypedResults.Ok();
    }

    /// <summary>
    /// The same for the same token, whenever and wherever it arrives. A subject's tokens are revoked up to the token's
    /// <c>iat</c>, not up to its arrival: whoever sends it once more ends no session that began after the logout.
    /// </summary>
    private static (RevocationTarget Target, RevocationDetails Details) Revocation(BackChannelLogoutToken logout)
    {
        RevocationTarget target = logout.SessionId is { } session
            ? RevocationTarget.Session(logout.Issuer, session)
            : RevocationTarget.Subject(logout.Issuer, logout.Subject!);
        return (target, new() { Cutoff = target.HasCutoff ? logout.IssuedAt : null, IsByMessage = true, Reason = Reason, Actor = logout.Issuer });
    }

    private JsonHttpResult<OAuthError> Refused(string problem, Exception? exception = null)
    {
        logger.LogoutRefused(problem, exception?.GetType().Name ?? "no exception");
        metrics.LogoutRequest("refused");
        return Error("invalid_request", $"The logout token was refused: {problem}.");
    }

    private JsonHttpResult<OAuthError> Failed(string description)
    {
        metrics.LogoutRequest("failed");
        return Error("temporarily_unavailable", description);
    }

    private static JsonHttpResult<OAuthError> Error(string error, string description) =>
        TypedResults.Json(new OAuthError(error, description), EndpointJson.Default.OAuthError, statusCode: StatusCodes.Status400BadRequest);

    // A key that is not known yet is nothing to warn of: whoever writes a token may name any.
    private void LogUndecided(SigningKeysUnavailableException exception)
    {
        if (exception.InnerException is SecurityTokenSignatureKeyNotFoundException)
        {
            logger.LogoutOfUnknownKey();
        }
        else
        {
            logger.LogoutKeysUnavailable(exception);
        }
    }

    private static DateTimeOffset Later(DateTimeOffset time, TimeSpan by) =>
        DateTimeOffset.MaxValue - time > by ? time + by : DateTimeOffset.MaxValue;
}
