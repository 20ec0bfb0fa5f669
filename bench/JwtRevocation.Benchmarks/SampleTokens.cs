using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace JwtRevocation.Benchmarks;

/// <summary>Signed tokens, numbered: the same number makes the same claims, and with HS256 the same token.</summary>
internal sealed class SampleTokens(SecurityKey key, string algorithm)
{
    public const string Issuer = "https://issuer.example";
    public const string Audience = "api";

    private readonly JsonWebTokenHandler _handler = new();
    private readonly SigningCredentials _credentials = new(key, algorithm);

    public SecurityKey Key => key;

    public static SampleTokens Hs256() =>
        new(new SymmetricSecurityKey(Encoding.ASCII.GetBytes("for benchmarks only, and no secret")), SecurityAlgorithms.HmacSha256);

    public static SampleTokens Rs256() => new(new RsaSecurityKey(RSA.Create(2048)), SecurityAlgorithms.RsaSha256);

    public static SampleTokens Es256() =>
        new(new ECDsaSecurityKey(ECDsa.Create(ECCurve.NamedCurves.nistP256)), SecurityAlgorithms.EcdsaSha256);

    /// <summary>The token as it arrives.</summary>
    public string Encode(int number) => _handler.CreateToken(
        string.Create(
            CultureInfo.InvariantCulture,
            $$"""{"iss":"{{Issuer}}","aud":"{{Audience}}","sub":"user-{{number}}","jti":"{{number:x32}}","sid":"{{number / 2:x16}}","client_id":"spa","tenant":"t{{number % 1000}}","scope":"read write","iat":1767225600,"exp":4102444800}"""),
        _credentials);

    /// <summary>The token as the handler has left it when it asks for the lifetime: read, and its signature verified.</summary>
    public JsonWebToken Read(int number)
    {
        JsonWebToken token = new(Encode(number)) { SigningKey = key };
        // Cached at its first use, which is the signature's verification.
        _ = token.Alg;
        return token;
    }

    public IEnumerable<JsonWebToken> Read(IEnumerable<int> numbers) => numbers.Select(Read);

    /// <summary>Parameters by which these tokens are valid.</summary>
    public TokenValidationParameters ValidationParameters() => new()
    {
        ValidIssuer = Issuer,
        ValidAudience = Audience,
        IssuerSigningKey = key,
    };
}
