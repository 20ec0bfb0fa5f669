using Microsoft.AspNetCore.Http;
using Microsoft.IdentityModel.Tokens;

namespace JwtRevocation;

/// <summary>
/// A token that a scheme accepted in this request, kept as a feature of the request: it is there without SaveToken, and
/// wherever the token came from. A request that several schemes authenticate has one for each, linked.
/// </summary>
internal sealed class ValidatedToken
{
    private readonly ValidatedToken? _earlier;

    public ValidatedToken(string scheme, SecurityToken token, ValidatedToken? earlier)
    {
        Scheme = scheme;
        _earlier = earlier;
        Token = token;
    }

    public string Scheme { get; }

    /// <summary>The token; of an encrypted one, the signed token within.</summary>
    public SecurityToken Token { get; }

    /// <summary>The tokens that schemes have accepted in this request.</summary>
    public static IEnumerable<ValidatedToken> AcceptedIn(HttpContext context)
    {
        for (ValidatedToken? token = context.Features.Get<ValidatedToken>(); token is not null; token = token._earlier)
        {
            yield return token;
        }
    }
}
