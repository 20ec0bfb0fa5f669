namespace JwtRevocation;

/// <summary>One event of a security event token, as far as it matters here.</summary>
/// <param name="Type">Its URI, which need not be one that is known here.</param>
/// <param name="Time">When it happened, if it says so (OpenID Continuous Access Evaluation Profile 1.0, section 2).</param>
/// <param name="ChangeType">What happened to the credential, of a credential change.</param>
/// <param name="State">What a request for verification asked to have sent back, of a verification.</param>
internal sealed record SecurityEvent(string Type, DateTimeOffset? Time, string? ChangeType, string? State);
