using Microsoft.IdentityModel.Tokens;

namespace JwtRevocation;

/// <summary>The token was revoked. JwtBearer answers 401 with <c>error="invalid_token"</c> (RFC 6750, section 3.1).</summary>
public sealed class SecurityTokenRevokedException : SecurityTokenValidationException
{
    private const string Revoked = "The token was revoked";

    /// <summary>Makes the exception with its usual message.</summary>
    public SecurityTokenRevokedException()
        : base(Revoked + ".")
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

    /// <summary>What the client is told (RFC 6750, section 3, <c>error_description</c>).</summary>
    internal string Description { get; private init; } = Revoked;

    internal static SecurityTokenRevokedException TooOld(TimeSpan maxTokenLifetime) =>
        new($"The token is older than revocations that were dropped after {nameof(JwtRevocationOptions)}.{nameof(JwtRevocationOptions.MaxTokenLifetime)}, which is {maxTokenLifetime}. Whether it was revoked cannot be told any more.")
        {
            Description = "The token is too old",
        };
}
