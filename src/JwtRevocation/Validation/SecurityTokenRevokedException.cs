using Microsoft.IdentityModel.Tokens;

namespace JwtRevocation;

/// <summary>The token was revoked. JwtBearer answers 401 with <c>error="invalid_token"</c> (RFC 6750, section 3.1).</summary>
public sealed class SecurityTokenRevokedException : SecurityTokenValidationException
{
    internal const string Description = "The token was revoked";

    /// <summary>Makes the exception with its usual message.</summary>
    public SecurityTokenRevokedException()
        : base(Description + ".")
    {
    }

    /// <summary>Makes the exception.</summary>
    /// <param name="message">The message. Put no token, jti or signature into it.</param>
    public SecurityTokenRevokedException(string message)
        : base(message)
    {
    }

    /// <summary>Makes the exception.</summary>
    /// <param name="message">The message. Put no token, jti or signature into it.</param>
    /// <param name="innerException">The cause.</param>
    public SecurityTokenRevokedException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
