using System.Diagnostics.CodeAnalysis;
using JwtRevocation;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Receives security events (OpenID Shared Signals Framework 1.0).</summary>
public static class SecurityEventEndpointRouteBuilderExtensions
{
    /// <summary>
    /// Maps an endpoint to which an identity provider pushes security events (RFC 8935), and revokes what they are about:
    /// CAEP <c>session-revoked</c> and <c>credential-change</c>, RISC <c>account-disabled</c> and <c>sessions-revoked</c>.
    /// </summary>
    /// <remarks>
    /// <para>
    /// An event is authenticated by the signature of its issuer, so the endpoint lets anonymous callers in, even under a
    /// fallback policy. If the transmitter also sends an <c>Authorization</c> header, <c>RequireAuthorization(…)</c> checks it.
    /// </para>
    /// <para>
    /// The answer is 202 once the revocations are in force, also for an event that is acknowledged and revokes nothing: of
    /// another type, or about a subject that says nothing here. It is 400 with an error (RFC 8935, section 2.3) for a token
    /// that is not valid, and 503 with <c>Retry-After</c> while the store does not take revocations, or the issuer's keys are
    /// out of reach: the transmitter sends it again then. A token that comes twice revokes nothing more the second time; in
    /// a shared log it is one more entry at most for each day that it comes.
    /// </para>
    /// <para>
    /// A user's tokens are revoked that were issued up to the time of the event, in all sessions; a session's, whenever they
    /// were issued. A subject that is a user on a device, in a tenant or of an application, and no session, is not understood:
    /// the tokens do not tell which of them would be meant.
    /// </para>
    /// <para>Limit its rate as you do that of other endpoints: <c>.RequireRateLimiting(…)</c>.</para>
    /// </remarks>
    /// <param name="endpoints">The app, or a group.</param>
    /// <param name="pattern">The route, for example <c>"/security-events"</c>.</param>
    /// <param name="scheme">
    /// The JwtBearer scheme whose issuer, keys and clock skew count. It may be one that is made for the transmitter only, with
    /// its <c>MetadataAddress</c>.
    /// </param>
    /// <param name="configure">Sets the options.</param>
    /// <returns>The endpoint's builder.</returns>
    /// <exception cref="InvalidOperationException">
    /// <c>AddJwtRevocation()</c> was not called. Or, at the start of the app: <paramref name="scheme"/> is no JwtBearer scheme,
    /// or has no issuer or audience to be checked.
    /// </exception>
    public static RouteHandlerBuilder MapSecurityEvents(
        this IEndpointRouteBuilder endpoints,
        [StringSyntax("Route")] string pattern,
        string scheme = JwtBearerDefaults.AuthenticationScheme,
        Action<SecurityEventsOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        ArgumentNullException.ThrowIfNull(pattern);
        ArgumentException.ThrowIfNullOrEmpty(scheme);
        MappedEndpoints.Add(endpoints);
        SecurityEventsOptions options = new();
        configure?.Invoke(options);
        RouteHandlerBuilder builder = endpoints.MapPost(pattern, Task<IResult> (HttpContext context) =>
            context.RequestServices.GetRequiredService<SecurityEventEndpoint>().AnswerAsync(context, scheme, options));
        builder
            .WithSummary("Receives a security event token.")
            .WithDescription("Push-based delivery of security event tokens (RFC 8935). What the event takes back is refused from the moment that the answer is 202.")
            .Accepts<string>(SecurityEventBody.ContentType)
            .Produces(StatusCodes.Status202Accepted)
            .Produces<SecurityEventError>(StatusCodes.Status400BadRequest)
            .ProducesProblem(StatusCodes.Status413PayloadTooLarge)
            .ProducesProblem(StatusCodes.Status415UnsupportedMediaType)
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable)
            .WithMetadata(SecurityEventBody.SizeLimit)
            .DisableAntiforgery()
            .Finally(endpoint =>
            {
                endpoint.ApplicationServices.GetRequiredService<IssuerMessages>().ThrowIfNoneCanBeValid(scheme, [.. options.Audiences]);
                EndpointAuthorization.LetIssuerIn(endpoint);
            });
        return builder;
    }
}
