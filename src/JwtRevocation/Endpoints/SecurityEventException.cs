namespace JwtRevocation;

/// <summary>A security event token is genuine, and not to be accepted all the same.</summary>
#pragma warning disable CA1032, CA1064 // It does not leave the endpoint.
internal sealed class SecurityEventException(SecurityEventError error) : Exception(error.Description)
#pragma warning restore CA1032, CA1064
{
    public SecurityEventError Error { get; } = error;

    public static SecurityEventException Invalid(string description) => new(new(SecurityEventError.InvalidRequest, description));
}
