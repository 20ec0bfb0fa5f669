using System.Net;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.IdentityModel.Tokens;

namespace JwtRevocation.Tests.SigningOut;

/// <summary>A revoked token comes back under another spelling, over HTTP.</summary>
public sealed class EvasionTests
{
    // A header cannot carry a line feed; a query can carry anything.
    private static readonly Action<JwtBearerOptions> FromQuery = bearer => bearer.Events = new()
    {
        OnMessageReceived = context =>
        {
            context.Token = context.Request.Query["access_token"];
            return Task.CompletedTask;
        },
    };

    public static TheoryData<string, bool> Cases
    {
        get
        {
            TheoryData<string, bool> cases = [];
            foreach (string algorithm in TestKeys.Algorithms)
            {
                cases.Add(algorithm, false);
                cases.Add(algorithm, true);
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task No_spelling_of_a_signed_out_token_is_accepted(string algorithm, bool securityTokenValidators)
    {
        await using TestApi api = await StartAsync(securityTokenValidators, revocation: null);

        IReadOnlyList<string> accepted = await SpellingsAcceptedAfterSignOutAsync(api, algorithm);

        accepted.Should().BeEmpty();
    }

    [Theory]
    [InlineData("HS256", false)]
    [InlineData("RS256", false)]
    [InlineData("PS256", false)]
    [InlineData("ES256", false)]
    [InlineData("ES384", false)]
    [InlineData("ES512", false)]
    [InlineData("HS256", true)]
    [InlineData("RS256", true)]
    [InlineData("ES256", true)]
    public async Task A_store_that_is_keyed_by_text_is_evaded(string algorithm, bool securityTokenValidators)
    {
        // The proof that the test above can fail.
        await using TestApi api = await StartAsync(securityTokenValidators, revocation => revocation.AddStore<TextKeyedStore>());

        IReadOnlyList<string> accepted = await SpellingsAcceptedAfterSignOutAsync(api, algorithm);

        accepted.Should().NotBeEmpty();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Encrypting_a_signed_out_token_again_does_not_bring_it_back(bool securityTokenValidators)
    {
        await using TestApi api = await StartAsync(securityTokenValidators, revocation: null);
        string signed = TestTokens.Create();
        string first = TestTokens.EncryptAgain(signed);
        using HttpResponseMessage signOut = await api.SignOutAsync("", Path("/sign-out", first));
        signOut.StatusCode.Should().Be(HttpStatusCode.OK);

        foreach (string token in new[] { first, TestTokens.EncryptAgain(signed), signed })
        {
            using HttpResponseMessage response = await api.GetAsync("", Path("/me", token));
            response.ShouldBeRevoked();
        }
    }

    private static Task<TestApi> StartAsync(bool securityTokenValidators, Action<JwtRevocationBuilder>? revocation) =>
        TestApi.StartAsync(
            bearer =>
            {
                FromQuery(bearer);
                bearer.UseSecurityTokenValidators = securityTokenValidators;
            },
            revocation);

    private static async Task<IReadOnlyList<string>> SpellingsAcceptedAfterSignOutAsync(TestApi api, string algorithm)
    {
        string token = algorithm.StartsWith("PS", StringComparison.Ordinal) ? TestTokens.CreateWithLeadingZero(algorithm) : TestTokens.Create(algorithm);
        (await api.StatusAsync("", Path("/me", token))).Should().Be(HttpStatusCode.OK);
        using HttpResponseMessage signOut = await api.SignOutAsync("", Path("/sign-out", token));
        signOut.StatusCode.Should().Be(HttpStatusCode.OK);
        (await api.StatusAsync("", Path("/me", token))).Should().Be(HttpStatusCode.Unauthorized);

        List<string> accepted = [];
        foreach (string spelling in Spelling.Of(token, algorithm))
        {
            HttpStatusCode status = await api.StatusAsync("", Path("/me", spelling));
            status.Should().BeOneOf(HttpStatusCode.OK, HttpStatusCode.Unauthorized);
            if (status == HttpStatusCode.OK)
            {
                accepted.Add(spelling);
            }
        }

        return accepted;
    }

    private static string Path(string path, string token) => $"{path}?access_token={Uri.EscapeDataString(token)}";

    /// <summary>What articles publish: a dictionary of signatures as they are written.</summary>
    private sealed class TextKeyedStore : IRevokedTokenStore
    {
        private readonly System.Collections.Concurrent.ConcurrentDictionary<string, bool> _signatures = new();
        private string? _lastAsked;

        public RevocationStatus GetStatus(in RevocableToken token)
        {
            _lastAsked = SignatureOf(token.SecurityToken);
            return _signatures.ContainsKey(_lastAsked) ? RevocationStatus.Revoked : RevocationStatus.NotRevoked;
        }

        public ValueTask<RevocationReceipt> RevokeAsync(Revocation revocation, CancellationToken cancellationToken)
        {
            // The request that signs out is the one that was asked about last.
            _signatures[_lastAsked!] = true;
            return new(new RevocationReceipt { Expires = revocation.Expires });
        }

        public IAsyncEnumerable<Revocation> GetRevocationsAsync(CancellationToken cancellationToken) => AsyncEnumerable.Empty<Revocation>();

        private static string SignatureOf(SecurityToken token) => token is Microsoft.IdentityModel.JsonWebTokens.JsonWebToken jwt
            ? jwt.EncodedSignature
            : ((System.IdentityModel.Tokens.Jwt.JwtSecurityToken)token).RawSignature;
    }
}
