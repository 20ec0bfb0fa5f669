using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.IdentityModel.Tokens;

namespace JwtRevocation;

/// <summary>
/// A token that a scheme accepted in this request, kept as a feature of the request: it is there without SaveToken, and
/// wherever the token came from. A request that several schemes authenticate has one for each, linked.
/// </summary>
internal sealed class ValidatedToken
{
    private readonly ValidatedToken? _earlier;

    private ValidatedToken(string scheme, SecurityToken token, ValidatedToken? earlier)
    {
        Scheme = scheme;
        _earlier = earlier;
        Token = token;
    }

    public string Scheme { get; }

    /// <summary>The token; of an encrypted one, the signed token within.</summary>
    public SecurityToken Token { get; }

    /// <remarks>
    /// Happens in each request. By type, and not by <c>Get</c> and <c>Set</c>: those are generic methods of an interface, which
    /// the runtime looks up at each call. In a loop that is dearer; under load the two are not told apart. Items would cost less, but
    /// not every context that shares the features of a request has its items, and a copy that outlives it may.
    /// </remarks>
    public static void Remember(TokenValidatedContext context, SecurityToken token)
    {
        IFeatureCollection features = context.HttpContext.Features;
        features[typeof(ValidatedToken)] =
            new ValidatedToken(context.Scheme.Name, SignedToken.Of(token), (ValidatedToken?)features[typeof(ValidatedToken)]);
    }

    /// <summary>Puts other tokens in the place of those that were accepted up to one of them.</summary>
    /// <param name="context">The request.</param>
    /// <param name="upTo">The last one whose place is taken; what was accepted after it stays.</param>
    /// <param name="tokens">The others.</param>
    /// <returns>The last of the others.</returns>
    public static ValidatedToken? Replace(HttpContext context, ValidatedToken? upTo, IEnumerable<(string Scheme, SecurityToken Token)> tokens)
    {
        ValidatedToken? replaced = tokens.Aggregate((ValidatedToken?)null, static (earlier, each) => new(each.Scheme, each.Token, earlier));
        context.Features.Set(AcceptedIn(context).TakeWhile(token => token != upTo).Reverse().Aggregate(
            replaced, static (earlier, token) => new(token.Scheme, token.Token, earlier)));
        return replaced;
    }

    /// <summary>The tokens that schemes have accepted in this request.</summary>
    public static IEnumerable<ValidatedToken> AcceptedIn(HttpContext context)
    {
        for (ValidatedToken? token = context.Features.Get<ValidatedToken>(); token is not null; token = token._earlier)
        {
            yield return token;
        }
    }
}
