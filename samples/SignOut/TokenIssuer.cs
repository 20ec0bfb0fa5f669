using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace SignOut;

/// <summary>
/// Signs the tokens of this sample. A real app leaves that to its identity provider, and knows its users' passwords or,
/// better, does not.
/// </summary>
internal sealed class TokenIssuer(SecurityKey signingKey, TimeProvider timeProvider)
{
    public const string Issuer = "https://localhost/sign-out-sample";
    private const string Audience = "sign-out-sample";
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(15);

    private readonly JsonWebTokenHandler _handler = new();
    private readonly SigningCredentials _credentials = new(signingKey, SecurityAlgorithms.HmacSha256);

    public TokenResponse Issue(string user, string device)
    {
        DateTime now = timeProvider.GetUtcNow().UtcDateTime;
        string token = _handler.CreateToken(new SecurityTokenDescriptor
        {
            Issuer = Issuer,
            Audience = Audience,
            NotBefore = now,
            Expires = now + Lifetime,
            SigningCredentials = _credentials,
            Claims = new Dictionary<string, object>
            {
                [JwtRegisteredClaimNames.Sub] = user,
                [JwtRegisteredClaimNames.Jti] = Guid.NewGuid().ToString("N"),
                [JwtRegisteredClaimNames.Sid] = Guid.NewGuid().ToString("N"),

                // With its fraction (RFC 7519, NumericDate), so that a token which is issued in the second of a
                // revocation, but after it, is not taken for one from before.
                [JwtRegisteredClaimNames.Iat] = (now - DateTime.UnixEpoch).TotalSeconds,
                ["device"] = device,
            },
        });
        return new(token, "Bearer", (int)Lifetime.TotalSeconds);
    }

    /// <summary>Lets an API accept these tokens, beside those that its configuration names (as <c>dotnet user-jwts</c> does).</summary>
    public void Trust(TokenValidationParameters parameters)
    {
        parameters.ValidIssuers = [.. parameters.ValidIssuers ?? [], Issuer];
        parameters.ValidAudiences = [.. parameters.ValidAudiences ?? [], Audience];
        parameters.IssuerSigningKeys = [.. parameters.IssuerSigningKeys ?? [], signingKey];
        parameters.ValidateIssuer = true;
        parameters.ValidateAudience = true;
    }
}
