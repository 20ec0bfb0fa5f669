using System.Diagnostics.CodeAnalysis;
using JwtRevocation;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Logout by the OpenID Provider (OpenID Connect Back-Channel Logout 1.0).</summary>
public static class BackChannelLogoutEndpointRouteBuilderExtensions
{
    /// <summary>
    /// Takes the logout tokens of an OpenID Provider, and revokes what they name: the tokens of a session (<c>sid</c>), or for
    /// want of one those of a user (<c>sub</c>) that were issued before the logout. Register the URL with the provider as
    /// <c>backchannel_logout_uri</c>.
    /// </summary>
    /// <param name="endpoints">The app.</param>
    /// <param name="pattern">The route, for example <c>"/backchannel-logout"</c>.</param>
    /// <param name="scheme">
    /// The JwtBearer scheme whose issuer is the provider. Its issuer, signing keys, decryption keys, algorithms and clock skew
    /// count; delegates of it that would decide in their place do not.
    /// </param>
    /// <param name="configure">Sets the options.</param>
    /// <returns>
    /// A builder, to add rate limiting, say. The endpoint allows anonymous requests, because the logout token authenticates its
    /// sender; authorization that is added to it stays in force.
    /// </returns>
    /// <exception cref="InvalidOperationException">
    /// <c>AddJwtRevocation()</c> was not called. Or, at the start of the app: <paramref name="scheme"/> is no JwtBearer scheme,
    /// or has no issuer or audience to be checked.
    /// </exception>
    public static RouteHandlerBuilder MapBackChannelLogout(
        this IEndpointRouteBuilder endpoints,
        [StringSyntax("Route")] string pattern,
        string scheme = JwtBearerDefaults.AuthenticationScheme,
        Action<BackChannelLogoutOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        ArgumentNullException.ThrowIfNull(pattern);
        ArgumentException.ThrowIfNullOrEmpty(scheme);
        MappedEndpoints.Add(endpoints);
        BackChannelLogoutOptions options = new();
        configure?.Invoke(options);
        string[] audiences = [.. options.Audiences];
        RouteHandlerBuilder builder = endpoints.MapPost(pattern, Task<Results<Ok, JsonHttpResult<OAuthError>>> (HttpContext context) =>
            context.RequestServices.GetRequiredService<BackChannelLogoutEndpoint>().HandleAsync(context, scheme, audiences));
        builder
            .Produces(StatusCodes.Status400BadRequest)
            .WithSummary("OpenID Connect back-channel logout")
            .WithDescription("For the OpenID Provider: takes a logout token, as parameter logout_token of a form, and revokes the tokens of the session or user that it names.")
            .WithMetadata(MessageForm.SizeLimit)
            .DisableAntiforgery()
            .Finally(endpoint =>
            {
                endpoint.ApplicationServices.GetRequiredService<IssuerMessages>().ThrowIfNoneCanBeValid(scheme, audiences);
                EndpointAuthorization.LetIssuerIn(endpoint);
            });
        return builder;
    }
}
