using System.Text.Json.Serialization;

namespace SignOut;

internal sealed record SignInRequest(string User, string Device);

internal sealed record PasswordRequest(string Password);

/// <summary>The answer of a token endpoint (RFC 6749, section 5.1).</summary>
internal sealed record TokenResponse(
    [property: JsonPropertyName("access_token")] string AccessToken,
    [property: JsonPropertyName("token_type")] string TokenType,
    [property: JsonPropertyName("expires_in")] int ExpiresIn);

internal sealed record ClaimView(string Type, string Value);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(SignInRequest))]
[JsonSerializable(typeof(PasswordRequest))]
[JsonSerializable(typeof(TokenResponse))]
[JsonSerializable(typeof(ClaimView[]))]
[JsonSerializable(typeof(string))]
internal sealed partial class SampleJson : JsonSerializerContext;
