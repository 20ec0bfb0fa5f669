using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace JwtRevocation;

/// <summary>A token that keeps a connection open, and what it can be found by.</summary>
internal sealed class WatchedToken
{
    private readonly RevocableToken _token;

    private WatchedToken(in RevocableToken token, TimeSpan clockSkew)
    {
        _token = token;
        DateTime expires = token.SecurityToken.ValidTo;
        AcceptedUntil = expires == DateTime.MinValue || DateTime.MaxValue - expires <= clockSkew
            ? DateTimeOffset.MaxValue
            : new(DateTime.SpecifyKind(expires + clockSkew, DateTimeKind.Utc));
        Targets = [.. TargetsOf(token.SecurityToken).Distinct()];
    }

    public ref readonly RevocableToken Token => ref _token;

    public SecurityToken SecurityToken => _token.SecurityToken;

    /// <summary>When a new request with the token would be refused: its <c>exp</c> and the clock skew that its scheme allows.</summary>
    public DateTimeOffset AcceptedUntil { get; }

    /// <summary>
    /// The revocations of a session, a subject or a <c>jti</c> that may be of it. <see cref="RevocationTarget.Everything"/>
    /// stands for those that nobody can tell by looking them up.
    /// </summary>
    public RevocationTarget[] Targets { get; }

    /// <returns><see langword="null"/> if it is no JWT.</returns>
    public static WatchedToken? Of(SecurityToken token, TimeSpan clockSkew) =>
        RevocableToken.TryCreate(token, out RevocableToken revocable) ? new(in revocable, clockSkew) : null;

    /// <summary>Whether it goes on from another token: of the same subject, and of the same session if it has one.</summary>
    public bool IsContinuedBy(SecurityToken token) =>
        (token.Issuer ?? "") == (SecurityToken.Issuer ?? "")
        && TokenClaims.GetText(SecurityToken, JwtRegisteredClaimNames.Sub) is { } subject
        && TokenClaims.GetText(token, JwtRegisteredClaimNames.Sub) == subject
        && TokenClaims.GetText(token, JwtRegisteredClaimNames.Sid) == TokenClaims.GetText(SecurityToken, JwtRegisteredClaimNames.Sid);

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
