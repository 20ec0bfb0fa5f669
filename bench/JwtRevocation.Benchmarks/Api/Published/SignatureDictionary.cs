using System.Collections.Concurrent;
using System.Security.Cryptography;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace JwtRevocation.Benchmarks.Api.Published;

/// <summary>
/// What articles put into a LifetimeValidator: the times, and a dictionary of the texts of revoked signatures. A token with a
/// "=" after its signature evades it; one node has it, and nothing leaves it.
/// </summary>
internal sealed class SignatureDictionary
{
    private readonly ConcurrentDictionary<string, DateTime> _signatures = new();

    public void Add(string signature) => _signatures.TryAdd(signature, DateTime.MaxValue);

    public void AddRandom(int count)
    {
        for (int i = 0; i < count; i++)
        {
            Add(Base64UrlEncoder.Encode(RandomNumberGenerator.GetBytes(32)));
        }
    }

    public bool IsAlive(DateTime? notBefore, DateTime? expires, SecurityToken token, TokenValidationParameters parameters)
    {
        DateTime now = TimeProvider.System.GetUtcNow().UtcDateTime;
        return (notBefore ?? now) <= now && expires >= now && !_signatures.ContainsKey(((JsonWebToken)token).EncodedSignature);
    }
}
