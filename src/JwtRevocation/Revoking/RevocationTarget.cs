using System.IdentityModel.Tokens.Jwt;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace JwtRevocation;

/// <summary>What is revoked.</summary>
public sealed class RevocationTarget
{
    private RevocationTarget(TokenFingerprint fingerprint, DateTimeOffset? tokenExpires)
    {
        Fingerprint = fingerprint;
        TokenExpires = tokenExpires;
    }

    /// <summary>The identity of the one token that is revoked.</summary>
    public TokenFingerprint Fingerprint { get; }

    /// <summary>The token's <c>exp</c>, or <see langword="null"/> when it has none.</summary>
    internal DateTimeOffset? TokenExpires { get; }

    /// <summary>One token, known by its signature.</summary>
    /// <param name="token">
    /// A token that was validated: <c>TokenValidatedContext.SecurityToken</c>, <c>TokenValidationResult.SecurityToken</c>
    /// or what <c>JwtSecurityTokenHandler.ValidateToken</c> gave out. A token that was only read proves nothing: whoever
    /// wrote it chose its signature and its <c>exp</c>. Give such a token, as text, to
    /// <see cref="ITokenRevoker.RevokeAsync(string, CancellationToken)"/>, which validates it.
    /// </param>
    /// <returns>The target.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="token"/> is <see langword="null"/>.</exception>
    /// <exception cref="ArgumentException">
    /// <paramref name="token"/> is no JWT, or no handler has verified its signature (its
    /// <see cref="SecurityToken.SigningKey"/> is <see langword="null"/>).
    /// </exception>
    public static RevocationTarget Token(SecurityToken token)
    {
        ArgumentNullException.ThrowIfNull(token);
        return Signed(token).SigningKey is not null
            ? OfValidated(token)
            : throw new ArgumentException(
                "The token's signature was not verified: its SigningKey is null. Pass a token that a handler has validated, or pass the encoded token to ITokenRevoker.RevokeAsync(string), which validates it.",
                nameof(token));
    }

    /// <summary>The same, for a token that the caller saw a handler accept, by whatever rules the app has set it.</summary>
    internal static RevocationTarget OfValidated(SecurityToken token) =>
        TokenFingerprint.TryCreate(token, out TokenFingerprint fingerprint)
            ? new(fingerprint, ExpiresOf(Signed(token)))
            : throw new ArgumentException($"A token of type {token.GetType()} cannot be revoked: it is not a JWT in its encoded form.", nameof(token));

    private static SecurityToken Signed(SecurityToken token) => token switch
    {
        JsonWebToken { InnerToken: { } inner } => inner,
        JwtSecurityToken { InnerToken: { } inner } => inner,
        _ => token,
    };

    private static DateTimeOffset? ExpiresOf(SecurityToken token) =>
        // Both kinds of token say DateTime.MinValue when there is no exp.
        token.ValidTo == DateTime.MinValue ? null : new DateTimeOffset(DateTime.SpecifyKind(token.ValidTo, DateTimeKind.Utc));
}
