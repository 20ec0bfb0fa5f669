using System.Security.Claims;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.IdentityModel.Tokens;

namespace JwtRevocation;

/// <summary>
/// A token that a scheme has validated in this request, kept as a feature of the request: it is there without SaveToken, and
/// wherever the token came from. A request that several schemes authenticate has one for each, linked.
/// </summary>
internal sealed class ValidatedToken
{
    private readonly TokenValidatedContext _validation;
    private readonly ClaimsPrincipal? _principal;
    private ValidatedToken? _earlier;
    private bool _isRefused;

    private ValidatedToken(TokenValidatedContext validation, ClaimsPrincipal? principal, SecurityToken token, ValidatedToken? earlier)
    {
        _validation = validation;
        _principal = principal;
        _earlier = earlier;
        Token = token;
    }

    public string Scheme => _validation.Scheme.Name;

    /// <summary>The token; of an encrypted one, the signed token within.</summary>
    public SecurityToken Token { get; }

    /// <summary>Whether the app's event has not come to an end: it may still decide against the token.</summary>
    public bool IsUndecided { get; private set; } = true;

    /// <summary>Whether the scheme has accepted it.</summary>
    public bool IsAccepted => !IsUndecided && !_isRefused && (_validation.Result is null or { Succeeded: true });

    /// <summary>Remembers the token that came with the request, before the app puts anything in its place: that is what could be used again.</summary>
    /// <remarks>
    /// Happens in each request. By type, and not by <c>Get</c> and <c>Set</c>: those are generic methods of an interface, which
    /// the runtime looks up at each call. In a loop that is dearer; under load the two are not told apart. Items would cost less, but
    /// not every context that shares the features of a request has its items, and a copy that outlives it may.
    /// </remarks>
    public static ValidatedToken Remember(TokenValidatedContext context)
    {
        IFeatureCollection features = context.HttpContext.Features;
        ValidatedToken token = new(context, context.Principal, SignedToken.Of(context.SecurityToken), (ValidatedToken?)features[typeof(ValidatedToken)]);
        features[typeof(ValidatedToken)] = token;
        return token;
    }

    /// <summary>Notes that the app's event has come to an end.</summary>
    public void IsDecided() => IsUndecided = false;

    /// <summary>Notes that the app's event has thrown.</summary>
    public void IsRefused() => (_isRefused, IsUndecided) = (true, false);

    /// <summary>Whether it is what a user is signed in by, be it through a scheme that has asked this one.</summary>
    /// <remarks>
    /// What counts is the identity that JwtBearer made of it, or the app in its place. The app may have added others: those of the
    /// user, to a device's.
    /// </remarks>
    public bool HasAuthenticated(ClaimsPrincipal user)
    {
        ClaimsIdentity[] accepted = [.. (_validation.Result?.Principal ?? _validation.Principal)?.Identities ?? []];
        ClaimsIdentity? own = _principal?.Identities.FirstOrDefault();
        return (accepted.Contains(own) ? own : accepted.FirstOrDefault()) is { IsAuthenticated: true } identity && user.Identities.Contains(identity);
    }

    /// <summary>Puts other tokens in the place of some that were accepted. Whatever else was validated stays.</summary>
    /// <param name="context">The request.</param>
    /// <param name="former">Those that give way.</param>
    /// <param name="tokens">The others, each of a scheme that had accepted one of those.</param>
    /// <returns>The others.</returns>
    public static ValidatedToken[] Replace(
        HttpContext context, ValidatedToken[] former, IEnumerable<(string Scheme, SecurityToken Token)> tokens)
    {
        ValidatedToken[] replaced =
        [
            .. tokens.Select(each =>
            {
                ValidatedToken before = Array.Find(former, before => before.Scheme == each.Scheme)!;
                return new ValidatedToken(before._validation, before._principal, each.Token, earlier: null) { IsUndecided = false };
            }),
        ];
        ValidatedToken? last = null;
        foreach (ValidatedToken token in replaced.Concat(In(context).Except(former).Reverse()))
        {
            token._earlier = last;
            last = token;
        }

        context.Features.Set(last);
        return replaced;
    }

    /// <summary>The tokens that schemes have validated in this request, the last one first.</summary>
    public static IEnumerable<ValidatedToken> In(HttpContext context)
    {
        for (ValidatedToken? token = context.Features.Get<ValidatedToken>(); token is not null; token = token._earlier)
        {
            yield return token;
        }
    }

    /// <summary>The tokens that schemes have accepted in this request.</summary>
    public static IEnumerable<ValidatedToken> AcceptedIn(HttpContext context) => In(context).Where(static token => token.IsAccepted);
}
