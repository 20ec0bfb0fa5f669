using System.IdentityModel.Tokens.Jwt;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using JwtRegisteredClaimNames = Microsoft.IdentityModel.JsonWebTokens.JwtRegisteredClaimNames;

namespace JwtRevocation;

/// <summary>A token that keeps a connection open, and what it can be found by.</summary>
internal sealed class WatchedToken
{
    private static readonly JsonWebTokenHandler Handler = new();

    private readonly RevocableToken _token;

    private WatchedToken(string scheme, in RevocableToken token, TokenValidationParameters parameters)
    {
        Scheme = scheme;
        _token = token;
        TimeSpan clockSkew = parameters.ClockSkew;
        DateTime expires = token.SecurityToken.ValidTo;
        AcceptedUntil = !parameters.ValidateLifetime || expires == DateTime.MinValue || DateTime.MaxValue - expires <= clockSkew
            ? DateTimeOffset.MaxValue
            : new(DateTime.SpecifyKind(expires + clockSkew, DateTimeKind.Utc));
        Targets = [.. TargetsOf(token.SecurityToken).Distinct()];
        TokenValidationParameters ofActor = parameters.ActorValidationParameters ?? parameters;
        Actor = parameters.ValidateActor && ActorOf(token.SecurityToken, ofActor) is { } actor ? Of(scheme, actor, ofActor) : null;
    }

    /// <summary>The scheme that has accepted it.</summary>
    public string Scheme { get; }

    public ref readonly RevocableToken Token => ref _token;

    /// <summary>When a new request with the token would be refused: its <c>exp</c> and the clock skew that its scheme allows.</summary>
    public DateTimeOffset AcceptedUntil { get; }

    /// <summary>
    /// The revocations of a session, a subject or a <c>jti</c> that may be of it. <see cref="RevocationTarget.Everything"/>
    /// stands for those that nobody can tell by looking them up.
    /// </summary>
    public RevocationTarget[] Targets { get; }

    /// <summary>The token of its actor, if the scheme validates that: once it is revoked, a request with this one is refused.</summary>
    public WatchedToken? Actor { get; }

    /// <returns><see langword="null"/> if it is no JWT.</returns>
    public static WatchedToken? Of(string scheme, SecurityToken token, TokenValidationParameters parameters) =>
        RevocableToken.TryCreate(token, out RevocableToken revocable) ? new(scheme, in revocable, parameters) : null;

    /// <summary>Puts another token in the place of the one that it goes on from. Of several that a connection has, the others stay.</summary>
    /// <param name="tokens">The tokens of the connection.</param>
    /// <param name="next">The other one, as each scheme that accepts it has read it.</param>
    /// <returns><see langword="null"/> if it goes on from none, or nobody can tell from which.</returns>
    public static WatchedToken[]? Continue(WatchedToken[] tokens, WatchedToken[] next)
    {
        TokenFingerprint[] before = [.. tokens.Where(watched => watched.ContinuationIn(next) is not null).Select(static watched => watched.Token.Fingerprint).Distinct()];
        if (before is not [TokenFingerprint one])
        {
            return null;
        }

        // All the schemes that have accepted the one before must accept the other: nobody knows for which the endpoint is open.
        List<WatchedToken> continued = [];
        foreach (WatchedToken watched in tokens)
        {
            if ((watched.Token.Fingerprint == one ? watched.ContinuationIn(next) : watched) is not { } each)
            {
                return null;
            }

            continued.Add(each);
        }

        return [.. continued];
    }

    // Of the same subject, of the same session if it has one, and by its own scheme.
    private WatchedToken? ContinuationIn(WatchedToken[] next) => Array.Find(next, other =>
    {
        (SecurityToken before, SecurityToken after) = (_token.SecurityToken, other._token.SecurityToken);
        return other.Scheme == Scheme
            && (after.Issuer ?? "") == (before.Issuer ?? "")
            && TokenClaims.GetText(before, JwtRegisteredClaimNames.Sub) is not null
            && TokenClaims.AreAlike(before, after, JwtRegisteredClaimNames.Sub)
            && TokenClaims.AreAlike(before, after, JwtRegisteredClaimNames.Sid);
    });

    private static JsonWebToken? ActorOf(SecurityToken token, TokenValidationParameters parameters)
    {
        string? encoded = token is JsonWebToken jwt ? jwt.Actor : (token as JwtSecurityToken)?.Actor;
        try
        {
            JsonWebToken? actor = string.IsNullOrEmpty(encoded) ? null : new(encoded);
            return actor is { IsEncrypted: true } ? new(Handler.DecryptToken(actor, parameters)) : actor;
        }
        catch (Exception exception) when (exception is ArgumentException or SecurityTokenException)
        {
            // A handler of the app's own may let anything pass.
            return null;
        }
    }

    private static IEnumerable<RevocationTarget> TargetsOf(SecurityToken token)
    {
        string issuer = token.Issuer ?? "";
        foreach (string claim in (string[])[JwtRegisteredClaimNames.Sub, JwtRegisteredClaimNames.Sid, JwtRegisteredClaimNames.Jti])
        {
            if (TokenClaims.TryGet(token, claim, out object? value))
            {
                yield return value is string text && !TokenClaims.MayBeNumber(claim, text)
                    ? RevocationTarget.Claim(issuer, claim, text)
                    : RevocationTarget.Everything;
            }
        }
    }
}
