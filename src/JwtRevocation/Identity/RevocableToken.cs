using System.Diagnostics.CodeAnalysis;
using Microsoft.IdentityModel.Tokens;

namespace JwtRevocation;

/// <summary>A token about which a store is asked: its fingerprint, and the token itself.</summary>
public readonly struct RevocableToken
{
    private RevocableToken(SecurityToken securityToken, TokenFingerprint fingerprint)
    {
        SecurityToken = securityToken;
        Fingerprint = fingerprint;
    }

    /// <summary>The identity of this one token.</summary>
    public TokenFingerprint Fingerprint { get; }

    /// <summary>
    /// The token as its handler read it; of an encrypted one, the signed token within. Its signature may not have been
    /// verified yet.
    /// </summary>
    public SecurityToken SecurityToken { get; }

    /// <summary>Makes a <see cref="RevocableToken"/> of a token that a handler has read.</summary>
    /// <param name="token">The token.</param>
    /// <param name="revocable">The result, or the default value.</param>
    /// <returns><see langword="false"/> when <see cref="TokenFingerprint.TryCreate"/> is.</returns>
    public static bool TryCreate([NotNullWhen(true)] SecurityToken? token, out RevocableToken revocable)
    {
        if (TokenFingerprint.TryCreate(token, out TokenFingerprint fingerprint))
        {
            revocable = new(SignedToken.Of(token), fingerprint);
            return true;
        }

        revocable = default;
        return false;
    }
}
