using System.IdentityModel.Tokens.Jwt;
using System.Text.Json;
using Microsoft.IdentityModel.Tokens;

namespace JwtRevocation.Redis.Tests;

/// <summary>docs/wire-format-vectors.json.</summary>
internal sealed record WireVectors(JsonElement[] Keys, WireToken[] Tokens, WireEntry[] Valid, WireEntry[] Readable, WireEntry[] Invalid)
{
    public static WireVectors All { get; } = JsonSerializer.Deserialize<WireVectors>(Document("wire-format-vectors.json"), JsonSerializerOptions.Web)!;

    /// <summary>A file of docs, as text.</summary>
    public static string Document(string name)
    {
        using StreamReader reader = new(typeof(WireVectors).Assembly.GetManifestResourceStream(name)!);
        return reader.ReadToEnd();
    }

    /// <summary>The token of a fingerprint, its signature verified.</summary>
    public SecurityToken TokenOf(string fingerprint)
    {
        TokenValidationParameters parameters = new()
        {
            IssuerSigningKeys = Keys.Select(static key => JsonWebKey.Create(key.GetRawText())),
            ValidateIssuer = false,
            ValidateAudience = false,
            ValidateLifetime = false,
        };
        new JwtSecurityTokenHandler().ValidateToken(Tokens.First(token => token.Fingerprint == fingerprint).Token, parameters, out SecurityToken validated);
        return validated;
    }
}

internal sealed record WireToken(string Name, string Token, string Fingerprint);

/// <summary>An entry, and what it says unless it is invalid.</summary>
internal sealed record WireEntry(
    string Name,
    string Hex,
    string? Kind,
    long? Expires,
    long? Cutoff,
    long? AcceptedFrom,
    string? Fingerprint,
    string? Issuer,
    string? ClaimName,
    string? Value,
    bool ByAuthenticationTime,
    bool SignsNewToken,
    WireEntry? Except,
    string? Reason,
    string? Actor)
{
    public byte[] Bytes => Convert.FromHexString(Hex);

    public RevocationTarget Target => Kind switch
    {
        "token" => RevocationTarget.Token(WireVectors.All.TokenOf(Fingerprint!)),
        "tokenId" => RevocationTarget.TokenId(Issuer!, Value!),
        "session" => RevocationTarget.Session(Issuer!, Value!),
        "subject" => RevocationTarget.Subject(Issuer!, Value!),
        "client" => RevocationTarget.Client(Issuer!, Value!),
        "claim" => RevocationTarget.Claim(Issuer!, ClaimName!, Value!),
        "issuer" => RevocationTarget.IssuedBy(Issuer!),
        "everything" => RevocationTarget.Everything,
        _ => throw new InvalidOperationException($"'{Name}' has the unknown kind '{Kind}'."),
    };

    public Revocation ToRevocation() => new()
    {
        Target = Target,
        Expires = Expires is { } seconds ? DateTimeOffset.FromUnixTimeSeconds(seconds) : DateTimeOffset.MaxValue,
        Cutoff = Cutoff is { } microseconds ? DateTimeOffset.UnixEpoch + TimeSpan.FromMicroseconds(microseconds) : null,
        AcceptedFrom = AcceptedFrom is { } second ? DateTimeOffset.FromUnixTimeSeconds(second) : null,
        ByAuthenticationTime = ByAuthenticationTime,
        SignsNewToken = SignsNewToken,
        Except = Except?.Target,
        Reason = Reason,
        Actor = Actor,
    };

    /// <summary>Holds what a node lists against this.</summary>
    /// <remarks>
    /// A node that was told of whole seconds other than those of the cutoff lists two revocations: one says the cutoff, and
    /// one the whole seconds.
    /// </remarks>
    public void ShouldBeAmong(IEnumerable<Revocation> all)
    {
        Revocation expected = ToRevocation();
        Revocation[] listed = [.. all.Where(revocation => revocation.Target.Equals(expected.Target))];
        listed.Should().NotBeEmpty("'{0}' was read", Name).And.HaveCountLessThan(3);
        listed.Max(revocation => revocation.Cutoff).Should().Be(expected.Cutoff, "'{0}' says so", Name);
        listed.Max(revocation => revocation.AcceptedFrom).Should().Be(expected.AcceptedFrom, "'{0}' says so", Name);
        listed.Any(revocation => revocation.SignsNewToken).Should().Be(expected.SignsNewToken, "'{0}' says so", Name);
        foreach (Revocation revocation in listed)
        {
            (revocation.Expires, revocation.ByAuthenticationTime, revocation.Except, revocation.Reason, revocation.Actor)
                .Should().Be((expected.Expires, expected.ByAuthenticationTime, expected.Except, expected.Reason, expected.Actor), "'{0}' says so", Name);
        }
    }
}
