using System.Security.Cryptography;
using Microsoft.IdentityModel.Tokens;

namespace JwtRevocation.Tests;

/// <summary>One key for each kind of algorithm, and the algorithms that the fingerprint knows.</summary>
internal static class TestKeys
{
    private static readonly SymmetricSecurityKey Hmac = new(RandomNumberGenerator.GetBytes(64)) { KeyId = "hmac" };
    private static readonly RsaSecurityKey Rsa = new(RSA.Create(2048)) { KeyId = "rsa" };
    private static readonly ECDsaSecurityKey P256 = new(ECDsa.Create(ECCurve.NamedCurves.nistP256)) { KeyId = "p256" };
    private static readonly ECDsaSecurityKey P384 = new(ECDsa.Create(ECCurve.NamedCurves.nistP384)) { KeyId = "p384" };
    private static readonly ECDsaSecurityKey P521 = new(ECDsa.Create(ECCurve.NamedCurves.nistP521)) { KeyId = "p521" };

    public static SecurityKey[] All { get; } = [Hmac, Rsa, P256, P384, P521];

    public static string[] Algorithms { get; } =
        ["HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"];

    public static TheoryData<string> AlgorithmData { get; } = [.. Algorithms];

    public static SigningCredentials For(string algorithm) => new(
        algorithm switch
        {
            "ES256" => P256,
            "ES384" => P384,
            "ES512" => P521,
            _ => algorithm.StartsWith("HS", StringComparison.Ordinal) ? Hmac : Rsa,
        },
        algorithm);

    /// <summary>The order n of the group of an ECDSA algorithm's curve, unsigned big-endian.</summary>
    public static byte[] OrderOf(string algorithm) =>
        ((ECDsaSecurityKey)For(algorithm).Key).ECDsa.ExportExplicitParameters(includePrivateParameters: false).Curve.Order!;
}
