using System.Net;
using System.Security.Cryptography;
using JwtRevocation.Tests;
using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;

namespace JwtRevocation.Redis.Tests.Faults;

/// <summary>The issuer changes its signing key while Redis is away.</summary>
public sealed class KeyRolloverTests
{
    [Fact]
    public async Task Fault_33_signing_keys_are_refreshed_while_unknown()
    {
        Assert.SkipUnless(RedisServer.IsInstalled, "redis-server is not installed.");
        SigningCredentials oldKey = new(new RsaSecurityKey(RSA.Create(2048)) { KeyId = "old" }, "RS256");
        SigningCredentials newKey = new(new RsaSecurityKey(RSA.Create(2048)) { KeyId = "new" }, "RS256");
        RollingKeys keys = new(oldKey.Key);
        await using RedisServer redis = await RedisServer.StartInUseAsync();
        await using Node node = await Node.StartAsync(redis.Configuration, bearer: scheme =>
        {
            scheme.TokenValidationParameters = new() { ValidAudience = TestTokens.Audience, ValidIssuer = TestTokens.Issuer };
            scheme.ConfigurationManager = keys;
        });
        string revoked = TestTokens.Create(credentials: oldKey);
        await node.RevokeAsync(revoked);

        await redis.KillAsync();
        string old = TestTokens.Create(credentials: oldKey);
        TimeSpan unknown = await Eventually.Async(async () => await node.StatusAsync(old) == HttpStatusCode.ServiceUnavailable, "the node does not know");
        keys.Published = newKey.Key;
        string token = TestTokens.Create(credentials: newKey);

        // As without the library: the first is refused, and has the keys fetched.
        (await node.StatusAsync(token)).Should().Be(HttpStatusCode.Unauthorized);
        keys.Refreshes.Should().Be(1, "the keys are fetched although the node does not know what is revoked");
        (await node.StatusAsync(token)).Should().Be(HttpStatusCode.ServiceUnavailable, "the key is known now, the status is not");

        await redis.RestartAsync();
        TimeSpan healed = await Eventually.Async(() => node.AcceptsAsync(token), "the token of the new key is accepted", TimeSpan.FromSeconds(60));
        (await node.RefusesAsync(revoked)).Should().BeTrue();
        Observed.Write(33, $"unknown in {unknown.In()}, the keys were fetched on the first token of the new one, accepted {healed.In()} after Redis was back");
    }

    private sealed class RollingKeys(SecurityKey first) : IConfigurationManager<OpenIdConnectConfiguration>
    {
        private SecurityKey _known = first;

        public SecurityKey Published { get; set; } = first;

        public int Refreshes { get; private set; }

        public Task<OpenIdConnectConfiguration> GetConfigurationAsync(CancellationToken cancel)
        {
            OpenIdConnectConfiguration configuration = new() { Issuer = TestTokens.Issuer };
            configuration.SigningKeys.Add(_known);
            return Task.FromResult(configuration);
        }

        public void RequestRefresh()
        {
            Refreshes++;
            _known = Published;
        }
    }
}
