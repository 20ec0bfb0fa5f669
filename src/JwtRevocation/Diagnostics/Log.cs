using Microsoft.Extensions.Logging;

namespace JwtRevocation;

/// <summary>Every message that the library logs. The event ids are stable; none holds a token, a jti or a signature.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Debug, "A revoked token was refused.")]
    public static partial void RefusedRevoked(this ILogger logger);

    [LoggerMessage(2, LogLevel.Error, "The store cannot say which tokens are revoked. Requests that carry one: {Policy}.")]
    public static partial void StoreUnavailable(this ILogger logger, WhenUnavailable policy, Exception? exception);

    [LoggerMessage(3, LogLevel.Information, "The store answers again which tokens are revoked.")]
    public static partial void StoreAvailable(this ILogger logger);

    [LoggerMessage(4, LogLevel.Information, "Revoked: {Kind}. The revocation is kept until {Expires:O}.")]
    public static partial void Revoked(this ILogger logger, RevocationTargetKind kind, DateTimeOffset expires);

    [LoggerMessage(5, LogLevel.Error, "Not revoked: {Kind}. The store did not acknowledge it, and the caller was told so.")]
    public static partial void RevocationFailed(this ILogger logger, Exception exception, RevocationTargetKind kind);

    [LoggerMessage(6, LogLevel.Debug, "Nothing to sign out: the request was authenticated by no token that JwtRevocation covers.")]
    public static partial void NothingToSignOut(this ILogger logger);

    [LoggerMessage(7, LogLevel.Debug, "A token was refused that is older than revocations which were dropped after MaxTokenLifetime.")]
    public static partial void RefusedTooOld(this ILogger logger);

    [LoggerMessage(8, LogLevel.Warning, "Revocations of tokens are kept for good from now on, and their number only grows: some parameters do not end a token at its 'exp', because ValidateLifetime is false or a LifetimeValidator of the app decides.")]
    public static partial void KeptForGood(this ILogger logger);
}
