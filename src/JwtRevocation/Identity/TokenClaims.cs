using System.Globalization;
using System.IdentityModel.Tokens.Jwt;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using JwtRegisteredClaimNames = Microsoft.IdentityModel.JsonWebTokens.JwtRegisteredClaimNames;

namespace JwtRevocation;

/// <summary>Reads claims of either kind of token, as its handler holds them, without a copy.</summary>
internal static class TokenClaims
{
    /// <summary>The value as the handler made it: text, a boxed number, or what it reads JSON into.</summary>
    public static bool TryGet(SecurityToken token, string claim, out object? value)
    {
        switch (token)
        {
            case JsonWebToken jwt:
                // The common ones have a property, which is faster, and empty when there is none.
                string? text = claim switch
                {
                    JwtRegisteredClaimNames.Sub => jwt.Subject,
                    JwtRegisteredClaimNames.Jti => jwt.Id,
                    JwtRegisteredClaimNames.Azp => jwt.Azp,
                    _ => null,
                };
                if (!string.IsNullOrEmpty(text))
                {
                    value = text;
                    return true;
                }

                return jwt.TryGetPayloadValue(claim, out value);
            case JwtSecurityToken { Payload: { } payload }:
                return payload.TryGetValue(claim, out value);
            default:
                value = null;
                return false;
        }
    }

    /// <summary>The claim as text, if it is a text or a whole number.</summary>
    public static string? GetText(SecurityToken token, string claim) => TryGet(token, claim, out object? value)
        ? value switch
        {
            string text => text,
            int or long => Convert.ToString(value, CultureInfo.InvariantCulture),
            _ => null,
        }
        : null;

    /// <summary>Whether the claim is this text, or an array with it.</summary>
    public static bool HasValue(SecurityToken token, string claim, string expected) =>
        TryGet(token, claim, out object? value)
        && (value is string text
            ? text == expected
            : PayloadReader.AnyValue(token, claim, static (ReadOnlySpan<char> value, in string expected) => value.SequenceEqual(expected), in expected));
}
