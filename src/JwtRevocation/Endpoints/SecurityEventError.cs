using System.Text.Json.Serialization;
using Microsoft.IdentityModel.Tokens;

namespace JwtRevocation;

/// <summary>What a transmitter is told of a security event token that was refused (RFC 8935, section 2.3).</summary>
/// <param name="Error">A registered code (section 2.4).</param>
/// <param name="Description">The same for people, in English; nothing of what was sent.</param>
internal sealed record SecurityEventError(
    [property: JsonPropertyName("err")] string Error,
    [property: JsonPropertyName("description")] string Description)
{
    // RFC 8935 gives a form to errors of the token only; those of the request are HTTP's.
    public const string InvalidRequest = "invalid_request";
    public const string AccessDenied = "access_denied";

    // OpenID Shared Signals Framework 1.0, section 8.1.4.1.
    public const string InvalidState = "invalid_state";

    /// <summary>What the reason for which a handler refused the token is called here.</summary>
    public static SecurityEventError Of(SecurityTokenValidationException exception) => exception.InnerException switch
    {
        SecurityTokenInvalidIssuerException =>
            new("invalid_issuer", "The issuer is not the one whose events are received here."),
        SecurityTokenInvalidAudienceException =>
            new("invalid_audience", "The token is for somebody else, or for nobody."),
        SecurityTokenInvalidSignatureException or SecurityTokenInvalidSigningKeyException
            or SecurityTokenInvalidAlgorithmException or SecurityTokenDecryptionFailedException =>
            new("invalid_key", "The token is not signed, or not by a key of its issuer."),
        _ => new(InvalidRequest, "The request body is no valid security event token."),
    };
}

[JsonSerializable(typeof(SecurityEventError))]
internal sealed partial class SecurityEventJson : JsonSerializerContext;
