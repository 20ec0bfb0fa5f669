using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Tokens;

namespace JwtRevocation;

/// <summary>Asks the store about a token and turns its answer into what a token handler understands.</summary>
internal sealed class RevocationCheck(
    IRevokedTokenStore store,
    IOptions<JwtRevocationOptions> options,
    RevocationMetrics metrics,
    TimeProvider timeProvider,
    ILogger<RevocationCheck> logger) : IDisposable
{
    private static readonly TimeSpan Settled = TimeSpan.FromSeconds(10);

    private readonly bool _reject = options.Value.WhenUnavailable == WhenUnavailable.Reject;
    private int _reported;
    private long _lastUnavailable;

    /// <summary>Whether the app has ended, and its services with it.</summary>
    public bool HasEnded { get; private set; }

    /// <exception cref="SecurityTokenRevokedException">The token is revoked.</exception>
    /// <exception cref="SecurityTokenRevocationUnknownException">The store cannot say, and such requests are rejected.</exception>
    /// <exception cref="SecurityTokenInvalidTypeException">It is no JWT: nobody could ever revoke it.</exception>
    public void ThrowIfRevoked(SecurityToken? token)
    {
        if (!RevocableToken.TryCreate(token, out RevocableToken revocable))
        {
            throw new SecurityTokenInvalidTypeException(
                $"A token of type {token?.GetType().ToString() ?? "null"} cannot be revoked, and is refused for that reason: it is not a JWT in its encoded form.")
            {
                InvalidType = token?.GetType().ToString(),
            };
        }

        RevocationStatus status = GetStatus(in revocable);
        metrics.Checked(status);
        switch (status)
        {
            case RevocationStatus.NotRevoked:
                return;
            case RevocationStatus.Revoked:
                logger.RefusedRevoked();
                throw new SecurityTokenRevokedException();
            case RevocationStatus.TooOld:
                logger.RefusedTooOld();
                throw SecurityTokenRevokedException.TooOld(options.Value.MaxTokenLifetime);
            default:
                if (_reject)
                {
                    throw new SecurityTokenRevocationUnknownException();
                }

                return;
        }
    }

    /// <summary>Whether a request with the token would be refused. Nothing is counted: it is asked again and again.</summary>
    public bool Refuses(in RevocableToken token, out RevocationStatus status)
    {
        status = GetStatus(in token);
        return status == RevocationStatus.Unknown ? _reject : status != RevocationStatus.NotRevoked;
    }

    public void Dispose() => HasEnded = true;

    private RevocationStatus GetStatus(in RevocableToken token)
    {
        Exception? failure = null;
        RevocationStatus status;
        try
        {
            status = store.GetStatus(in token);
        }
        catch (Exception exception)
        {
            failure = exception;
            status = RevocationStatus.Unknown;
        }

        if (status is < RevocationStatus.Unknown or > RevocationStatus.TooOld)
        {
            status = RevocationStatus.Unknown;
        }

        if (status == RevocationStatus.Unknown || Volatile.Read(ref _reported) == 1)
        {
            ReportChange(status == RevocationStatus.Unknown, failure);
        }

        return status;
    }

    // One line when it begins and one when it ends, not one for each request; and not one each time that a store changes its
    // mind from request to request.
    private void ReportChange(bool unavailable, Exception? failure)
    {
        if (unavailable)
        {
            Volatile.Write(ref _lastUnavailable, timeProvider.GetTimestamp());
            if (Interlocked.Exchange(ref _reported, 1) == 0)
            {
                logger.StoreUnavailable(_reject ? WhenUnavailable.Reject : WhenUnavailable.Allow, failure);
            }
        }
        else if (timeProvider.GetElapsedTime(Volatile.Read(ref _lastUnavailable)) >= Settled
            && Interlocked.Exchange(ref _reported, 0) == 1)
        {
            logger.StoreAvailable();
        }
    }
}
