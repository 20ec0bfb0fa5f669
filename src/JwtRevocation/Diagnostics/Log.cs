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

    [LoggerMessage(8, LogLevel.Warning, "Revocations of tokens are kept for good from now on, and their number only grows: some parameters do not end a token at its 'exp', because ValidateLifetime is false, or a LifetimeValidator or a token handler of the app decides.")]
    public static partial void KeptForGood(this ILogger logger);

    [LoggerMessage(9, LogLevel.Warning, "The shared log cannot be read, or takes no writes. This node goes on with what it holds, until that is older than MaxStaleness.")]
    public static partial void LogUnreachable(this ILogger logger, Exception exception);

    [LoggerMessage(10, LogLevel.Information, "The shared log can be read and written again.")]
    public static partial void LogReachable(this ILogger logger);

    [LoggerMessage(11, LogLevel.Warning, "The shared log is not what it was: it lost data, or was replaced. This node reads all of it, and writes back what it holds.")]
    public static partial void LogLostData(this ILogger logger);

    [LoggerMessage(12, LogLevel.Information, "This node has written back to the shared log what that had lost.")]
    public static partial void WroteBack(this ILogger logger);

    [LoggerMessage(13, LogLevel.Warning, "The shared log is new, or has lost everything. This node cannot say which tokens are revoked; it waits {Delay} for others that know.")]
    public static partial void WaitingForOthers(this ILogger logger, TimeSpan delay);

    [LoggerMessage(14, LogLevel.Error, "The shared log is taken for new, because no other node knew it. If this is not its first use ever, ALL REVOCATIONS BEFORE NOW ARE LOST but the {Held} that this node holds, and the tokens are accepted again.")]
    public static partial void InitializingEmptyLog(this ILogger logger, int held);

    [LoggerMessage(15, LogLevel.Error, "The shared log has an entry that is damaged, or of a later version. It is skipped, as is every other one; the metric jwt_revocation.replica.skipped counts them.")]
    public static partial void SkippedEntry(this ILogger logger);

    [LoggerMessage(16, LogLevel.Error, "The shared log has a revocation whose cutoff is more than a day ahead: the clock of some node is wrong, or of this one. It counts as of now.")]
    public static partial void CutoffAhead(this ILogger logger);

    [LoggerMessage(17, LogLevel.Debug, "An open connection was ended: {Reason}.")]
    public static partial void ConnectionEnded(this ILogger logger, string reason);

    [LoggerMessage(18, LogLevel.Error, "What the app does when the token of an open connection is revoked has thrown.")]
    public static partial void ConnectionEndThrew(this ILogger logger, Exception exception);

    [LoggerMessage(20, LogLevel.Debug, "A token revocation request named a token that no scheme accepts; nothing was stored.")]
    public static partial void NothingToRevoke(this ILogger logger);

    [LoggerMessage(21, LogLevel.Information, "A token revocation request was refused: {Error}.")]
    public static partial void RevocationRequestRefused(this ILogger logger, string error);

    [LoggerMessage(22, LogLevel.Warning, "A token revocation request was answered with 503: the keys to validate the token, or what else the app looks up for it, are out of reach.")]
    public static partial void RevocationRequestUndecided(this ILogger logger, Exception exception);

    [LoggerMessage(23, LogLevel.Debug, "A token revocation request was answered with 503: the token's key is not among those that this node has of its issuer, which may have newer ones.")]
    public static partial void RevocationRequestOfUnknownKey(this ILogger logger);

    [LoggerMessage(24, LogLevel.Error, "A token revocation request was answered with 503: the token could not be revoked.")]
    public static partial void RevocationRequestFailed(this ILogger logger, Exception exception);

    [LoggerMessage(30, LogLevel.Information, "A back-channel logout request was refused: {Problem} ({Failure}).")]
    public static partial void LogoutRefused(this ILogger logger, string problem, string failure);

    [LoggerMessage(31, LogLevel.Warning, "A back-channel logout request could not be validated, and its sender was told that it failed: the signing keys of the issuer are out of reach.")]
    public static partial void LogoutKeysUnavailable(this ILogger logger, Exception exception);

    [LoggerMessage(32, LogLevel.Error, "A back-channel logout failed, and the OpenID Provider was told so.")]
    public static partial void LogoutFailed(this ILogger logger, Exception exception);

    [LoggerMessage(33, LogLevel.Debug, "A back-channel logout request could not be validated, and its sender was told that it failed: the token's key is not among those that this node has of its issuer, which may have newer ones.")]
    public static partial void LogoutOfUnknownKey(this ILogger logger);

    [LoggerMessage(40, LogLevel.Information, "A security event token was refused: {Error}. {Description}")]
    public static partial void SecurityEventRefused(this ILogger logger, string error, string description);

    [LoggerMessage(41, LogLevel.Warning, "A security event token was answered with 503: the keys of its issuer are out of reach.")]
    public static partial void SecurityEventUndecided(this ILogger logger, Exception exception);

    [LoggerMessage(45, LogLevel.Debug, "A security event token was answered with 503: its key is not among those that this node has of its issuer, which may have newer ones.")]
    public static partial void SecurityEventOfUnknownKey(this ILogger logger);

    [LoggerMessage(42, LogLevel.Error, "A security event token was answered with 503: the app's FindByEmail or ConfirmVerification failed.")]
    public static partial void SecurityEventQuestionFailed(this ILogger logger, Exception exception);

    [LoggerMessage(46, LogLevel.Error, "A security event token was answered with 503: what it asks for could not be revoked.")]
    public static partial void SecurityEventFailed(this ILogger logger, Exception exception);

    [LoggerMessage(EventId = 43, Message = "A security event was acknowledged and passed over: its type is not one that revokes anything here. Those that follow are logged as Debug; the metric jwt_revocation.security_events counts them.")]
    public static partial void SecurityEventTypeUnknown(this ILogger logger, LogLevel level);

    [LoggerMessage(EventId = 44, Message = "A security event was acknowledged, and NOTHING WAS REVOKED: {Type}. Its subject is named in a way that is not understood here, or is only a part of a user's tokens. Those that follow are logged as Debug; the metric jwt_revocation.security_events counts them.")]
    public static partial void SecurityEventSubjectUnknown(this ILogger logger, LogLevel level, string type);
}
