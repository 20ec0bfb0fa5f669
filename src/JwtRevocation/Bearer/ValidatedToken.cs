using Microsoft.AspNetCore.Authentication;
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
    private readonly string _scheme;
    private readonly ValidatedToken? _earlier;

    private ValidatedToken(string scheme, SecurityToken token, ValidatedToken? earlier)
    {
        _scheme = scheme;
        _earlier = earlier;
        Token = token;
    }

    public SecurityToken Token { get; }

    public static void Remember(TokenValidatedContext context)
    {
        IFeatureCollection features = context.HttpContext.Features;
        features.Set(new ValidatedToken(context.Scheme.Name, context.SecurityToken, features.Get<ValidatedToken>()));
    }

    /// <summary>
    /// The tokens that authenticated the request: of all that were accepted in it, those of the schemes that its user
    /// comes from. A policy that names its schemes leaves the default scheme's token out.
    /// </summary>
    public static IEnumerable<SecurityToken> AllOf(HttpContext context)
    {
        ValidatedToken? last = context.Features.Get<ValidatedToken>();
        if (last is null || context.User.Identity?.IsAuthenticated != true)
        {
            yield break;
        }

        // The authorization middleware joins the names of a policy's schemes with a semicolon.
        string[]? schemes = context.Features.Get<IAuthenticateResultFeature>()?.AuthenticateResult?.Ticket?.AuthenticationScheme.Split(';');

        // Somebody put another user in place (then there is no result, or one that names no scheme), made from what the
        // tokens of this request said.
        bool any = schemes is null or ["context.User"];
        for (ValidatedToken? token = last; token is not null; token = token._earlier)
        {
            if (any || schemes!.Contains(token._scheme, StringComparer.Ordinal))
            {
                yield return token.Token;
            }
        }
    }
}
