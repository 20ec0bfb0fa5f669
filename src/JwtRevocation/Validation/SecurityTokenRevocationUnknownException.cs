using Microsoft.IdentityModel.Tokens;

namespace JwtRevocation;

/// <summary>
/// Whether the token was revoked is not known, and <see cref="JwtRevocationOptions.WhenUnavailable"/> is
/// <see cref="WhenUnavailable.Reject"/>. The request is answered with 503 and <c>Retry-After</c>, never with a 401: the
/// token may well be good, and its owner must not be made to sign in again.
/// </summary>
public sealed class SecurityTokenRevocationUnknownException : SecurityTokenValidationException
{
    /// <summary>Makes the exception with its usual message.</summary>
    public SecurityTokenRevocationUnknownException()
        : base("Whether the token was revoked is not known at the moment.")
    {
    }

    /// <summary>Makes the exception.</summary>
    /// <param name="message">The message. Put no token, jti or signature into it.</param>
    public SecurityTokenRevocationUnknownException(string message)
        : base(message)
    {
    }

    /// <summary>Makes the exception.</summary>
    /// <param name="message">The message. Put no token, jti or signature into it.</param>
    /// <param name="innerException">The cause.</param>
    public SecurityTokenRevocationUnknownException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
