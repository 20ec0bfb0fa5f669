using System.Diagnostics.CodeAnalysis;
using System.Security.Claims;
using JwtRevocation;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.IdentityModel.Tokens;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Lets clients revoke access tokens (RFC 7009).</summary>
public static class TokenRevocationEndpointRouteBuilderExtensions
{
    private const string NobodyDecides =
        "The token revocation endpoint says nothing of who may call it, so the app does not start. Name the policy that authenticates clients, MapTokenRevocation(…).RequireAuthorization(\"clients\"); or write MapTokenRevocation(…).AllowAnonymous(), and whoever has a valid token may revoke it. A fallback policy does not count.";

    /// <summary>
    /// Maps a token revocation endpoint (RFC 7009): a client posts an access token in a form, and the token is refused from
    /// then on. It is validated first, all but its times, and must belong to the caller; nothing else is stored.
    /// </summary>
    /// <remarks>
    /// <para>
    /// How clients authenticate is a matter of the app's: the app does not start unless the endpoint, or its group, names an
    /// authorization policy, or says <c>AllowAnonymous()</c>. That is for public clients, which can prove nothing: then
    /// whoever has a valid token may revoke it. If the API's tokens are bound to a key (DPoP, mTLS), somebody who has stolen
    /// the text of one could not use it, but revoke it.
    /// </para>
    /// <para>
    /// The answer is 200 once the revocation is in force, and for a text that is no valid access token, which is as good as
    /// revoked. It is 400 with an OAuth error (RFC 6749, section 5.2) for a malformed request, for a token of somebody else
    /// (<c>invalid_grant</c>), and for a refresh token, as far as <c>token_type_hint</c> tells
    /// (<c>unsupported_token_type</c>): revoke those at your identity provider. It is 503 with <c>Retry-After</c> while the
    /// store does not take revocations, or the keys to validate the token are out of reach.
    /// </para>
    /// <para>Limit its rate as you do that of other endpoints: <c>.RequireRateLimiting(…)</c>.</para>
    /// </remarks>
    /// <param name="endpoints">The app, or a group.</param>
    /// <param name="pattern">The route, for example <c>"/oauth/revoke"</c>.</param>
    /// <param name="mayRevoke">
    /// Whether the caller may revoke a token, which has been validated; of an encrypted token, it is the one within. By
    /// default it must have been issued to the caller: both have a <c>client_id</c> or <c>azp</c> in common, of the same
    /// issuer or asserted by this app itself; or the caller is the subject of the token. It is not asked by default where
    /// the endpoint allows anonymous callers.
    /// </param>
    /// <returns>The endpoint's builder.</returns>
    /// <exception cref="InvalidOperationException"><c>AddJwtRevocation()</c> was not called.</exception>
    public static RouteHandlerBuilder MapTokenRevocation(
        this IEndpointRouteBuilder endpoints,
        [StringSyntax("Route")] string pattern,
        Func<ClaimsPrincipal, SecurityToken, bool>? mayRevoke = null)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        ArgumentNullException.ThrowIfNull(pattern);
        MappedEndpoints.Add(endpoints);
        RouteHandlerBuilder builder = endpoints.MapPost(pattern, Task<IResult> (HttpContext context) =>
            context.RequestServices.GetRequiredService<TokenRevocationEndpoint>().AnswerAsync(context, mayRevoke));
        builder
            .WithSummary("Revokes an access token.")
            .WithDescription("Token revocation (RFC 7009). The token is refused from the moment that the answer is 200. That is also the answer for a token which is not valid.")
            .Accepts<TokenRevocationForm>(MessageForm.ContentType)
            .Produces(StatusCodes.Status200OK)
            .Produces<OAuthError>(StatusCodes.Status400BadRequest)
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable)
            .WithMetadata(MessageForm.SizeLimit)
            .DisableAntiforgery()
            .Finally(ThrowIfNobodyDecides);
        return builder;
    }

    private static void ThrowIfNobodyDecides(EndpointBuilder endpoint)
    {
        if (!EndpointAuthorization.IsDecided(endpoint))
        {
            throw new InvalidOperationException(NobodyDecides);
        }
    }
}
