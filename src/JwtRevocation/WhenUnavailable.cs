namespace JwtRevocation;

/// <summary>What becomes of a request while the store cannot say whether its token was revoked.</summary>
public enum WhenUnavailable
{
    /// <summary>It is answered with 503 and <c>Retry-After</c>. No revoked token is accepted.</summary>
    Reject,

    /// <summary>
    /// It goes on as if the token were not revoked. <b>Revoked tokens may be accepted</b> for as long as the store cannot
    /// answer.
    /// </summary>
    Allow,
}
