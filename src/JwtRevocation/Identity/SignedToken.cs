using System.Diagnostics.CodeAnalysis;
using System.IdentityModel.Tokens.Jwt;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace JwtRevocation;

/// <summary>The token that was signed: of an encrypted one, that within.</summary>
/// <remarks>
/// The claims of the outer one are not to be relied on: IdentityModel keeps what somebody has read of them before it was decrypted,
/// when there was nothing.
/// </remarks>
internal static class SignedToken
{
    [return: NotNullIfNotNull(nameof(token))]
    public static SecurityToken? Of(SecurityToken? token) => token switch
    {
        JsonWebToken { InnerToken: { } inner } => inner,
        JwtSecurityToken { InnerToken: { } inner } => inner,
        _ => token,
    };
}
