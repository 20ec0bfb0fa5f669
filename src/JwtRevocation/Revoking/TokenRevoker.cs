using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.Tokens;

namespace JwtRevocation;

internal sealed class TokenRevoker(
    IRevokedTokenStore store,
    TokenRetention retention,
    BearerSchemes schemes,
    RevocationMetrics metrics,
    TimeProvider timeProvider,
    ILogger<TokenRevoker> logger) : ITokenRevoker
{
    public async Task<RevocationReceipt> RevokeAsync(
        RevocationTarget target, RevocationDetails? details = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(target);
        DateTimeOffset now = timeProvider.GetUtcNow();
        ThrowIfUnfit(target, details, now);

        // A scheme nobody has used yet may accept the token for longer than those that are known.
        await schemes.ProtectAllAsync().ConfigureAwait(false);

        // To the day, so that a message is the same entry of a shared log however often it comes on that day.
        DateTimeOffset moment = details is { IsByMessage: true } ? EndOfDay(now) : now;

        // However old the cutoff is: a token that does not say when it was issued may be a new one, and counts as old.
        DateTimeOffset lastIssued = details?.Cutoff > moment ? details.Cutoff.Value : moment;
        DateTimeOffset expires = target.Kind == RevocationTargetKind.Token
            ? retention.KeepUntil(target.TokenExpires)
            : retention.KeepGroupUntil(lastIssued, mayBeRefreshed: target.Kind == RevocationTargetKind.Session || details is { ByAuthenticationTime: true });
        return await StoreAsync(
            new()
            {
                Target = target,
                Expires = expires,
                Cutoff = details?.Cutoff ?? (details is { IsByMessage: true } && target.Kind != RevocationTargetKind.Token ? moment : null),
                AcceptedFrom = details is { IsByMessage: true, Cutoff: { } cutoff } ? new(Cutoffs.NextSecond(cutoff.UtcTicks), TimeSpan.Zero) : null,
                ByAuthenticationTime = details?.ByAuthenticationTime ?? false,
                SignsNewToken = details?.SignsNewToken ?? false,
                Except = details?.Except,
                Reason = details?.Reason,
                Actor = details?.Actor,
            },
            cancellationToken).ConfigureAwait(false);
    }

    public async Task<RevocationReceipt> RevokeAsync(
        string encodedToken, RevocationDetails? details = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(encodedToken);
        SecurityToken token = await schemes.ValidateAsync(encodedToken, cancellationToken).ConfigureAwait(false);
        return await RevokeAsync(RevocationTarget.OfValidated(token), details, cancellationToken).ConfigureAwait(false);
    }

    private static DateTimeOffset EndOfDay(DateTimeOffset time) =>
        time.UtcDateTime.Date == DateTime.MaxValue.Date ? DateTimeOffset.MaxValue : new(time.UtcDateTime.Date.AddDays(1), TimeSpan.Zero);

    private static void ThrowIfUnfit(RevocationTarget target, RevocationDetails? details, DateTimeOffset now)
    {
        if (details is null)
        {
            return;
        }

        if (!target.HasCutoff && (details.Except is not null || details.Cutoff is not null || details.ByAuthenticationTime || details.SignsNewToken))
        {
            throw new ArgumentException(
                $"A revocation of kind {target.Kind} has no cutoff: {nameof(RevocationDetails.Except)}, {nameof(RevocationDetails.Cutoff)}, {nameof(RevocationDetails.ByAuthenticationTime)} and {nameof(RevocationDetails.SignsNewToken)} do not apply to it.",
                nameof(details));
        }

        if (details.Except is { Kind: not (RevocationTargetKind.Session or RevocationTargetKind.Token) })
        {
            throw new ArgumentException(
                $"{nameof(RevocationDetails.Except)} must be a session or a token, but is of kind {details.Except.Kind}.", nameof(details));
        }

        if (details is { SignsNewToken: true, Cutoff: not null })
        {
            // Between that and now, others may have revoked what a token of the first second after it would be.
            throw new ArgumentException(
                $"{nameof(RevocationDetails.SignsNewToken)} is for a token that is signed now, and does not go with a {nameof(RevocationDetails.Cutoff)}.", nameof(details));
        }

        if (details is { IsByMessage: true, Cutoff: null } && target.HasCutoff)
        {
            throw new ArgumentException(
                $"{nameof(RevocationDetails.IsByMessage)} is together with a {nameof(RevocationDetails.Cutoff)}: what the message says, and not when it came.", nameof(details));
        }

        if (details.Cutoff - now > (details.IsByMessage ? CutoffsAhead.Believed : TimeSpan.Zero))
        {
            throw new ArgumentException(
                $"{nameof(RevocationDetails.Cutoff)} must not be later than now, or than a day from now by a message, but is '{details.Cutoff:O}'.", nameof(details));
        }
    }

    private async Task<RevocationReceipt> StoreAsync(Revocation revocation, CancellationToken cancellationToken)
    {
        RevocationReceipt receipt;
        try
        {
            receipt = await store.RevokeAsync(revocation, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
        catch (Exception exception)
        {
            logger.RevocationFailed(exception, revocation.Target.Kind);
            metrics.RevocationFailed(revocation.Target.Kind);
            throw exception as RevocationFailedException ?? new("The store did not acknowledge the revocation.", exception);
        }

        logger.Revoked(revocation.Target.Kind, receipt.Expires);
        metrics.Revoked(revocation.Target.Kind);
        return receipt;
    }
}
