using System.Security.Cryptography;
using Microsoft.IdentityModel.Tokens;

namespace JwtRevocation.Benchmarks.Api;

/// <summary>
/// New keys for each run, handed to the APIs through their standard input. Every API takes tokens of both, so that one process
/// is measured with each.
/// </summary>
internal sealed class ApiKeys
{
    private readonly byte[] _shared;
    private readonly byte[] _private;

    private ApiKeys(byte[] shared, byte[] privateKey)
    {
        (_shared, _private) = (shared, privateKey);
        RSA rsa = RSA.Create();
        rsa.ImportPkcs8PrivateKey(privateKey, out _);
        Hs256 = new(new SymmetricSecurityKey(shared) { KeyId = "1" }, SecurityAlgorithms.HmacSha256);
        Rs256 = new(new RsaSecurityKey(rsa) { KeyId = "2" }, SecurityAlgorithms.RsaSha256);
    }

    public SigningCredentials Hs256 { get; }

    public SigningCredentials Rs256 { get; }

    public static ApiKeys Create()
    {
        using RSA rsa = RSA.Create(2048);
        return new(RandomNumberGenerator.GetBytes(32), rsa.ExportPkcs8PrivateKey());
    }

    public static ApiKeys Parse(string line)
    {
        byte[][] keys = Array.ConvertAll(line.Split(' '), Convert.FromBase64String);
        return new(keys[0], keys[1]);
    }

    public override string ToString() => $"{Convert.ToBase64String(_shared)} {Convert.ToBase64String(_private)}";
}
