using JwtRevocation;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Token revocation by clients (RFC 7009).</summary>
public static class TokenRevocationEndpointRouteBuilderExtensions
{
    /// <summary>Skeleton.</summary>
    /// <param name="endpoints">The app.</param>
    /// <param name="pattern">The route.</param>
    /// <returns>The builder.</returns>
    public static RouteHandlerBuilder MapTokenRevocation(this IEndpointRouteBuilder endpoints, string pattern)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        MappedEndpoints.Add(endpoints);
        return endpoints.MapPost(pattern, async Task<Results<Ok, JsonHttpResult<OAuthError>>> (HttpContext context) =>
            await MessageForm.ReadAsync(context).ConfigureAwait(false) is null
                ? TypedResults.Json(new OAuthError("invalid_request"), EndpointJson.Default.OAuthError, statusCode: 400)
                : TypedResults.Ok());
    }
}
