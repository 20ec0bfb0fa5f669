namespace JwtRevocation;

/// <summary>The events that the endpoint knows.</summary>
internal static class SecurityEventTypes
{
    // OpenID Continuous Access Evaluation Profile 1.0, section 3.
    public const string SessionRevoked = "https://schemas.openid.net/secevent/caep/event-type/session-revoked";
    public const string CredentialChange = "https://schemas.openid.net/secevent/caep/event-type/credential-change";

    // OpenID RISC Profile 1.0, section 2.
    public const string AccountDisabled = "https://schemas.openid.net/secevent/risc/event-type/account-disabled";
    public const string SessionsRevoked = "https://schemas.openid.net/secevent/risc/event-type/sessions-revoked";

    // OpenID Shared Signals Framework 1.0, sections 8.1.4.1 and 8.1.5.
    public const string Verification = "https://schemas.openid.net/secevent/ssf/event-type/verification";
    public const string StreamUpdated = "https://schemas.openid.net/secevent/ssf/event-type/stream-updated";

    /// <summary>Whether it ends what its subject is signed in to.</summary>
    public static bool Revokes(SecurityEvent securityEvent) => securityEvent.Type switch
    {
        SessionRevoked or AccountDisabled or SessionsRevoked => true,
        // A further credential takes none of the others back.
        CredentialChange => securityEvent.ChangeType is not "create",
        _ => false,
    };

    public static bool IsKnown(string type) =>
        type is SessionRevoked or CredentialChange or AccountDisabled or SessionsRevoked or Verification or StreamUpdated;
}
