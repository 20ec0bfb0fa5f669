namespace JwtRevocation;

/// <summary>The latest cutoffs of revocations that have lapsed and were dropped. They only grow.</summary>
internal sealed class DroppedCutoffs
{
    private long _issuedAt = long.MinValue;
    private long _authenticationTime = long.MinValue;

    public bool AreNone => _issuedAt == long.MinValue && _authenticationTime == long.MinValue;

    /// <summary>To be called before the entry goes, so that a request finds either it or this.</summary>
    public void Add(GroupEntry entry)
    {
        Volatile.Write(ref _issuedAt, Math.Max(_issuedAt, entry.LatestIssuedAt));
        Volatile.Write(ref _authenticationTime, Math.Max(_authenticationTime, entry.LatestAuthenticationTime));
    }

    /// <summary>Whether the token may have been revoked by one of them.</summary>
    public bool MayHaveRevoked(ref TokenUnderCheck token) =>
        IsUpTo(ref token, TokenTimes.IssuedAt, ref _issuedAt) || IsUpTo(ref token, TokenTimes.AuthenticationTime, ref _authenticationTime);

    private static bool IsUpTo(ref TokenUnderCheck token, string timeClaim, ref long cutoff)
    {
        long ticks = Volatile.Read(ref cutoff);
        return ticks != long.MinValue && token.IsUpTo(timeClaim, ticks, ticks);
    }
}
