using Microsoft.IdentityModel.Tokens;
using JwtRegisteredClaimNames = Microsoft.IdentityModel.JsonWebTokens.JwtRegisteredClaimNames;

namespace JwtRevocation;

/// <summary>What is revoked: one token, a session, or a group of tokens.</summary>
/// <remarks>
/// <para>
/// Claims name tokens only within an issuer, so each of these targets takes one: the token's <c>iss</c> as it is written
/// there, or the empty string for tokens that have none. Texts are compared character by character, so no choice of them
/// makes two targets the same.
/// </para>
/// <para>Two targets that name the same are equal.</para>
/// </remarks>
public sealed class RevocationTarget : IEquatable<RevocationTarget>
{
    private RevocationTarget(RevocationTargetKind kind, string? issuer = null, string? claimName = null, string? value = null)
    {
        Kind = kind;
        Issuer = issuer;
        ClaimName = claimName;
        Value = value;
    }

    private RevocationTarget(TokenFingerprint fingerprint, DateTimeOffset? tokenExpires)
        : this(RevocationTargetKind.Token)
    {
        Fingerprint = fingerprint;
        TokenExpires = tokenExpires;
    }

    /// <summary>All tokens of all issuers, issued up to the cutoff.</summary>
    public static RevocationTarget Everything { get; } = new(RevocationTargetKind.Everything);

    /// <summary>What kind of target it is.</summary>
    public RevocationTargetKind Kind { get; }

    /// <summary>The issuer; <see langword="null"/> for <see cref="RevocationTargetKind.Token"/> and <see cref="RevocationTargetKind.Everything"/>.</summary>
    public string? Issuer { get; }

    /// <summary>The name of the claim, for <see cref="RevocationTargetKind.Claim"/>.</summary>
    public string? ClaimName { get; }

    /// <summary>The <c>jti</c>, <c>sid</c>, <c>sub</c>, client or value of the claim, for those kinds.</summary>
    public string? Value { get; }

    /// <summary>The identity of the token, for <see cref="RevocationTargetKind.Token"/>.</summary>
    public TokenFingerprint? Fingerprint { get; }

    /// <summary>The <c>exp</c> of the token, for <see cref="RevocationTargetKind.Token"/> if it has one.</summary>
    internal DateTimeOffset? TokenExpires { get; }

    /// <summary>Whether it names tokens by when they were issued: otherwise all it names are revoked, whenever issued.</summary>
    internal bool HasCutoff => Kind is not (RevocationTargetKind.Token or RevocationTargetKind.TokenId or RevocationTargetKind.Session);

    /// <summary>One token, known by its signature.</summary>
    /// <param name="token">
    /// A token that was validated: <c>TokenValidatedContext.SecurityToken</c>, <c>TokenValidationResult.SecurityToken</c>
    /// or what <c>JwtSecurityTokenHandler.ValidateToken</c> gave out. A token that was only read proves nothing: whoever
    /// wrote it chose its signature and its <c>exp</c>. Give such a token, as text, to
    /// <see cref="ITokenRevoker.RevokeAsync(string, RevocationDetails, CancellationToken)"/>, which validates it.
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
        return SignedToken.Of(token).SigningKey is not null
            ? OfValidated(token)
            : throw new ArgumentException(
                "The token's signature was not verified: its SigningKey is null. Pass a token that a handler has validated, or pass the encoded token to ITokenRevoker.RevokeAsync(string), which validates it.",
                nameof(token));
    }

    /// <summary>One token, known by its identifier. Enough for an operator who has it from a log.</summary>
    /// <param name="issuer">The token's <c>iss</c>.</param>
    /// <param name="tokenId">The token's <c>jti</c>.</param>
    /// <returns>The target.</returns>
    public static RevocationTarget TokenId(string issuer, string tokenId) => Of(RevocationTargetKind.TokenId, issuer, tokenId);

    /// <summary>
    /// One session. It stays revoked: a token that is issued later, from a refresh that was under way, is refused too.
    /// </summary>
    /// <param name="issuer">The tokens' <c>iss</c>.</param>
    /// <param name="sessionId">The tokens' <c>sid</c> (OpenID Connect Front-Channel Logout 1.0, section 3).</param>
    /// <returns>The target.</returns>
    public static RevocationTarget Session(string issuer, string sessionId) => Of(RevocationTargetKind.Session, issuer, sessionId);

    /// <summary>The tokens of one subject that were issued up to the cutoff: sign out everywhere.</summary>
    /// <param name="issuer">The tokens' <c>iss</c>.</param>
    /// <param name="subject">The tokens' <c>sub</c>.</param>
    /// <returns>The target.</returns>
    public static RevocationTarget Subject(string issuer, string subject) => Of(RevocationTargetKind.Subject, issuer, subject);

    /// <summary>The tokens of one client that were issued up to the cutoff.</summary>
    /// <param name="issuer">The tokens' <c>iss</c>.</param>
    /// <param name="clientId">The tokens' <c>client_id</c> (RFC 9068) or <c>azp</c> (OpenID Connect Core 1.0); either matches.</param>
    /// <returns>The target.</returns>
    public static RevocationTarget Client(string issuer, string clientId) => Of(RevocationTargetKind.Client, issuer, clientId);

    /// <summary>The tokens with a claim of a certain value that were issued up to the cutoff.</summary>
    /// <param name="issuer">The tokens' <c>iss</c>.</param>
    /// <param name="claimName">The name of the claim as the token has it, not as ASP.NET Core may rename it.</param>
    /// <param name="value">
    /// The value. A string matches the same string; a number or Boolean the text that the token has for it (<c>42</c>,
    /// <c>true</c>); an array any of its elements. An object, or null, matches nothing.
    /// </param>
    /// <returns>
    /// The target. For <c>jti</c>, <c>sid</c> and <c>sub</c> it is that of <see cref="TokenId"/>, <see cref="Session"/> and
    /// <see cref="Subject"/>.
    /// </returns>
    /// <exception cref="ArgumentException"><paramref name="claimName"/> is empty.</exception>
    public static RevocationTarget Claim(string issuer, string claimName, string value)
    {
        ArgumentNullException.ThrowIfNull(issuer);
        ArgumentException.ThrowIfNullOrEmpty(claimName);
        ArgumentNullException.ThrowIfNull(value);
        return claimName switch
        {
            JwtRegisteredClaimNames.Jti => TokenId(issuer, value),
            JwtRegisteredClaimNames.Sid => Session(issuer, value),
            JwtRegisteredClaimNames.Sub => Subject(issuer, value),
            _ => new(RevocationTargetKind.Claim, issuer, claimName, value),
        };
    }

    /// <summary>All tokens of an issuer that were issued up to the cutoff: after its signing key has leaked, say.</summary>
    /// <param name="issuer">The tokens' <c>iss</c>.</param>
    /// <returns>The target.</returns>
    public static RevocationTarget IssuedBy(string issuer)
    {
        ArgumentNullException.ThrowIfNull(issuer);
        return new(RevocationTargetKind.Issuer, issuer);
    }

    /// <inheritdoc />
    public bool Equals(RevocationTarget? other) =>
        other is not null && Kind == other.Kind && Issuer == other.Issuer && ClaimName == other.ClaimName && Value == other.Value
        && Fingerprint == other.Fingerprint;

    /// <inheritdoc />
    public override bool Equals(object? obj) => Equals(obj as RevocationTarget);

    /// <inheritdoc />
    public override int GetHashCode() => HashCode.Combine(Kind, Issuer, ClaimName, Value, Fingerprint);

    /// <summary>The kind only: what a target names does not belong in a log.</summary>
    /// <returns>The name of <see cref="Kind"/>.</returns>
    public override string ToString() => Kind.ToString();

    /// <summary>As <see cref="Token"/>, for a token that the caller saw a handler accept, by whatever rules the app has set it.</summary>
    internal static RevocationTarget OfValidated(SecurityToken token) =>
        TokenFingerprint.TryCreate(token, out TokenFingerprint fingerprint)
            ? new(fingerprint, ExpiresOf(SignedToken.Of(token)))
            : throw new ArgumentException($"A token of type {token.GetType()} cannot be revoked: it is not a JWT in its encoded form.", nameof(token));

    /// <summary>The token that a store holds nothing else of.</summary>
    internal static RevocationTarget OfStored(TokenFingerprint fingerprint) => new(fingerprint, tokenExpires: null);

    /// <summary>Whether a token is the one, or of the session, that is named: for what a revocation spares.</summary>
    internal bool Matches(in RevocableToken token) => Kind switch
    {
        RevocationTargetKind.Token => token.Fingerprint == Fingerprint,
        RevocationTargetKind.Session => (token.SecurityToken.Issuer ?? "") == Issuer
            && TokenClaims.HasValue(token.SecurityToken, JwtRegisteredClaimNames.Sid, Value!),
        _ => false,
    };

    private static RevocationTarget Of(RevocationTargetKind kind, string issuer, string value)
    {
        ArgumentNullException.ThrowIfNull(issuer);
        ArgumentNullException.ThrowIfNull(value);
        return new(kind, issuer, value: value);
    }

    private static DateTimeOffset? ExpiresOf(SecurityToken token) =>
        // Both kinds of token say DateTime.MinValue when there is no exp.
        token.ValidTo == DateTime.MinValue ? null : new DateTimeOffset(DateTime.SpecifyKind(token.ValidTo, DateTimeKind.Utc));
}
