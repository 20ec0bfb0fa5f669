using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;

namespace JwtRevocation;

/// <summary>Who may call an endpoint, as the app has said on the endpoint itself or its group.</summary>
internal static class EndpointAuthorization
{
    /// <summary>Whether the app has said anything. A fallback policy is not about this endpoint.</summary>
    public static bool IsDecided(EndpointBuilder endpoint) =>
        endpoint.Metadata.Any(static item => item is IAuthorizeData or AuthorizationPolicy or IAuthorizationRequirementData or IAllowAnonymous);

    /// <summary>
    /// Lets anybody send a message that the issuer has signed, unless the app has said who may: the issuer has no access token,
    /// of which a fallback policy knows nothing.
    /// </summary>
    public static void LetIssuerIn(EndpointBuilder endpoint)
    {
        if (!IsDecided(endpoint))
        {
            endpoint.Metadata.Add(new AllowAnonymousAttribute());
        }
    }
}
