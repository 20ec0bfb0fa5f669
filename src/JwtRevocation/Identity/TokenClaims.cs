using System.Buffers;
using System.IdentityModel.Tokens.Jwt;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using JwtRegisteredClaimNames = Microsoft.IdentityModel.JsonWebTokens.JwtRegisteredClaimNames;

namespace JwtRevocation;

/// <summary>Reads claims of either kind of token, as its handler holds them, without a copy.</summary>
internal static class TokenClaims
{
    // What fits a long for certain comes out as it was.
    private const int LongestPlainNumber = 18;

    private static readonly SearchValues<char> OfNumbers = SearchValues.Create("0123456789+-.E");

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

    /// <summary>The claim as text, if it is a text or a number, and not empty.</summary>
    public static string? GetText(SecurityToken token, string claim)
    {
        if (!TryGet(token, claim, out object? value))
        {
            return null;
        }

        if (value is string text && !MayBeNumber(claim, text))
        {
            return text.Length == 0 ? null : text;
        }

        string?[] found = [null];
        PayloadReader.AnyValue(
            token,
            claim,
            static (ReadOnlySpan<char> value, in string?[] found) =>
            {
                found[0] = value.ToString();
                return true;
            },
            in found);
        return found[0];
    }

    /// <summary>Whether two tokens say the same by a claim: one text or number, or neither has it.</summary>
    public static bool AreAlike(SecurityToken a, SecurityToken b, string claim)
    {
        (bool isInA, bool isInB) = (TryGet(a, claim, out object? ofA), TryGet(b, claim, out object? ofB));
        return isInA && isInB
            ? ofA is IConvertible && ofB is IConvertible && GetText(a, claim) is { } text && GetText(b, claim) == text
            : isInA == isInB;
    }

    /// <summary>
    /// Whether IdentityModel may have made this text of a number, and not as the token writes it: a <c>sub</c> that is a large
    /// or a broken number goes through a double.
    /// </summary>
    public static bool MayBeNumber(string claim, string text) =>
        claim == JwtRegisteredClaimNames.Sub
        && (text.Length > LongestPlainNumber || text.AsSpan().ContainsAny('.', 'E'))
        && !text.AsSpan().ContainsAnyExcept(OfNumbers);

    /// <summary>Whether the claim is this text, or an array with it.</summary>
    public static bool HasValue(SecurityToken token, string claim, string expected) =>
        TryGet(token, claim, out object? value)
        && (value is string text
            ? text == expected
            : PayloadReader.AnyValue(token, claim, static (ReadOnlySpan<char> value, in string expected) => value.SequenceEqual(expected), in expected));
}
