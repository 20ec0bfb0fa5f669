using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace JwtRevocation.Tests;

/// <summary>Tokens as a handler leaves them when it has validated them, without the cost of signing and verifying.</summary>
internal static class FastToken
{
    private const string Header = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9";
    private static readonly SecurityKey Key = TestKeys.For("HS256").Key;

    public static JsonWebToken Read(string token) => new(token) { SigningKey = Key };

    /// <summary>A token with this payload and a signature of its own.</summary>
    public static JsonWebToken Of(string payload) =>
        Read($"{Header}.{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(payload))}.{Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32))}");

    public static RevocationStatus StatusOf(this IRevokedTokenStore store, SecurityToken token)
    {
        RevocableToken.TryCreate(token, out RevocableToken revocable).Should().BeTrue();
        return store.GetStatus(in revocable);
    }

    /// <summary>Revokes at once: in memory there is nothing to wait for.</summary>
    public static RevocationReceipt Revoke(this InMemoryRevokedTokenStore store, Revocation revocation)
    {
        Task<RevocationReceipt> done = store.RevokeAsync(revocation).AsTask();
        done.IsCompletedSuccessfully.Should().BeTrue();
        return done.GetAwaiter().GetResult();
    }
}
