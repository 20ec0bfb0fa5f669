using System.Buffers.Text;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace JwtRevocation.Tests;

/// <summary>Issues tokens, and knows the parameters that accept them.</summary>
internal static class TestTokens
{
    public const string Issuer = "https://issuer.test";
    public const string Audience = "api";

    private static readonly JsonWebTokenHandler Handler = new() { SetDefaultTimesOnTokenCreation = false };

    private static readonly EncryptingCredentials Encryption = new(
        new SymmetricSecurityKey(Enumerable.Range(0, 32).Select(i => (byte)i).ToArray()) { KeyId = "encryption" },
        SecurityAlgorithms.Aes256KW,
        SecurityAlgorithms.Aes256CbcHmacSha512);

    public static TokenValidationParameters Parameters() => new()
    {
        ValidIssuer = Issuer,
        ValidAudience = Audience,
        IssuerSigningKeys = TestKeys.All,
        TokenDecryptionKey = Encryption.Key,
    };

    /// <summary>Looks up the key by what the encrypted token says, which is nothing: an app may log that, or choose by it.</summary>
    public static void ReadBeforeDecryption(TokenValidationParameters parameters)
    {
        parameters.TokenDecryptionKey = null;
        parameters.TokenDecryptionKeyResolver = static (_, token, _, _) => token?.Issuer == Issuer ? [] : [Encryption.Key];
    }

    public static string Create(
        string algorithm = "HS256",
        DateTimeOffset? expires = null,
        string subject = "alice",
        bool encrypted = false,
        string audience = Audience,
        SigningCredentials? credentials = null,
        Action<SecurityTokenDescriptor>? configure = null)
    {
        SecurityTokenDescriptor descriptor = new()
        {
            Issuer = Issuer,
            Audience = audience,
            Expires = (expires ?? TimeProvider.System.GetUtcNow() + TimeSpan.FromHours(1)).UtcDateTime,
            SigningCredentials = credentials ?? TestKeys.For(algorithm),
            EncryptingCredentials = encrypted ? Encryption : null,
            Claims = new Dictionary<string, object>
            {
                [JwtRegisteredClaimNames.Sub] = subject,
                [JwtRegisteredClaimNames.Jti] = Guid.NewGuid().ToString("N"),
            },
        };
        configure?.Invoke(descriptor);
        return Handler.CreateToken(descriptor);
    }

    /// <summary>A token whose signature begins with a zero byte, which one in 256 does.</summary>
    public static string CreateWithLeadingZero(string algorithm)
    {
        string token;
        do
        {
            token = Create(algorithm);
        }
        while (Base64Url.DecodeFromChars(token.AsSpan(token.LastIndexOf('.') + 1))[0] != 0);

        return token;
    }

    public static string CreateUnsigned(string subject = "alice") =>
        Handler.CreateToken($$"""{"iss":"{{Issuer}}","aud":"{{Audience}}","sub":"{{subject}}","jti":"{{Guid.NewGuid():N}}","exp":{{TimeProvider.System.GetUtcNow().AddHours(1).ToUnixTimeSeconds()}}}""");

    /// <summary>Another JWE around the signed token of the first: whoever has the encryption key can make one.</summary>
    public static string EncryptAgain(string signedToken, Dictionary<string, object>? header = null) =>
        Handler.EncryptToken(signedToken, Encryption, header ?? []);
}
