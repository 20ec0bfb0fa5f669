using System.Text.Json.Serialization;

namespace JwtRevocation;

/// <summary>What a client posts (RFC 7009, section 2.1), for those who describe the endpoint.</summary>
internal sealed record TokenRevocationForm(
    [property: JsonPropertyName(TokenRevocationForm.TokenName)] string Token,
    [property: JsonPropertyName(TokenRevocationForm.HintName)] string? TokenTypeHint = null)
{
    public const string TokenName = "token";
    public const string HintName = "token_type_hint";
}
