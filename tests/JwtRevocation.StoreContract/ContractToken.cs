using System.Security.Cryptography;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace JwtRevocation.StoreContract;

/// <summary>Makes tokens, each of its own, and validates them, as a store only ever meets them.</summary>
internal static class ContractToken
{
    private static readonly JsonWebTokenHandler Handler = new() { SetDefaultTimesOnTokenCreation = false };
    private static readonly SymmetricSecurityKey Key = new(RandomNumberGenerator.GetBytes(32));
    private static readonly SigningCredentials Credentials = new(Key, SecurityAlgorithms.HmacSha256);
    private static readonly TokenValidationParameters Parameters = new()
    {
        IssuerSigningKey = Key,
        ValidateAudience = false,
        ValidateIssuer = false,
        RequireExpirationTime = false,
    };

    public static Task<SecurityToken> ValidatedAsync() =>
        ValidatedAsync(new() { [JwtRegisteredClaimNames.Jti] = Guid.NewGuid().ToString("N") });

    public static async Task<SecurityToken> ValidatedAsync(Dictionary<string, object> claims)
    {
        string text = Handler.CreateToken(new SecurityTokenDescriptor { Claims = claims, SigningCredentials = Credentials });
        TokenValidationResult result = await Handler.ValidateTokenAsync(text, Parameters);
        return result.IsValid ? result.SecurityToken : throw result.Exception;
    }
}
