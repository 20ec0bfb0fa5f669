namespace JwtRevocation;

/// <summary>The store did not acknowledge a revocation: the token may still be accepted. Try again.</summary>
/// <remarks>A sign-out request for which this happens is answered with 503 and <c>Retry-After</c>.</remarks>
public sealed class RevocationFailedException : Exception
{
    /// <summary>Makes the exception with a general message.</summary>
    public RevocationFailedException()
        : this("The store did not acknowledge the revocation.")
    {
    }

    /// <summary>Makes the exception.</summary>
    /// <param name="message">What happened. Put no token, jti or signature into it.</param>
    public RevocationFailedException(string? message)
        : base(message)
    {
    }

    /// <summary>Makes the exception.</summary>
    /// <param name="message">What happened. Put no token, jti or signature into it.</param>
    /// <param name="innerException">What the store threw.</param>
    public RevocationFailedException(string? message, Exception? innerException)
        : base(message, innerException)
    {
    }
}
