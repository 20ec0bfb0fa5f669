using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Mvc;

namespace JwtRevocation;

/// <summary>What an endpoint answers that speaks OAuth (RFC 6749, section 5.2).</summary>
internal sealed record OAuthError(
    [property: JsonPropertyName("error")] string Error,
    [property: JsonPropertyName("error_description")] string? Description = null);

[JsonSerializable(typeof(OAuthError))]
[JsonSerializable(typeof(TokenRevocationForm))]
[JsonSerializable(typeof(ProblemDetails))]
[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
internal sealed partial class EndpointJson : JsonSerializerContext;
