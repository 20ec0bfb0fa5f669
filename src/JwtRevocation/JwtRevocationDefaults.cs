namespace JwtRevocation;

/// <summary>Names that the library gives.</summary>
public static class JwtRevocationDefaults
{
    /// <summary>
    /// The authentication scheme that signs out, "JwtRevocation". It is the default one for signing out unless the app
    /// has another that can; then pass it by name: <c>TypedResults.SignOut(authenticationSchemes:
    /// [JwtRevocationDefaults.AuthenticationScheme])</c>.
    /// </summary>
    public const string AuthenticationScheme = "JwtRevocation";

    /// <summary>The name of the meter, "JwtRevocation".</summary>
    public const string MeterName = "JwtRevocation";

    /// <summary>The <c>Retry-After</c> of a 503, in seconds (RFC 9110, section 10.2.3).</summary>
    internal const string RetryAfter = "5";
}
