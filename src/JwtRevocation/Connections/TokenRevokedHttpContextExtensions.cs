using JwtRevocation;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.IdentityModel.Tokens;

namespace Microsoft.AspNetCore.Http;

/// <summary>For endpoints that want to see to the end of an open connection themselves.</summary>
public static class TokenRevokedHttpContextExtensions
{
    /// <summary>
    /// A token of the kind of <see cref="HttpContext.RequestAborted"/> that is cancelled when a JWT which authenticated this
    /// request is revoked, on whichever node; or, with <see cref="WhenUnavailable.Reject"/>, when the store cannot say any
    /// more.
    /// </summary>
    /// <param name="context">The request. Authentication has run.</param>
    /// <returns>The token; <see cref="CancellationToken.None"/> if no JWT that the library covers has authenticated the request.</returns>
    /// <remarks>
    /// <para>
    /// What is registered with it runs on a thread of the pool and should not block. Where
    /// <see cref="EndOnRevocationEndpointConventionBuilderExtensions.EndOnRevocation"/> is in force, the request has been
    /// aborted by then. Dispose of the registration before the request ends: a callback that runs just then must not use the
    /// <see cref="HttpContext"/>, which is somebody else's by then.
    /// </para>
    /// <para>
    /// It counts for the JWTs that have authenticated the request so far. Once more of them have, ask again. In a SignalR hub the
    /// request is <c>Context.GetHttpContext()</c>, over WebSockets and server-sent events; with long polling there is none that
    /// lasts.
    /// </para>
    /// </remarks>
    /// <exception cref="InvalidOperationException"><c>AddJwtRevocation()</c> was not called.</exception>
    public static CancellationToken GetTokenRevoked(this HttpContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return context.RequestServices.GetAdded<OpenConnections>().Of(context)?.Revoked ?? CancellationToken.None;
    }

    /// <summary>
    /// Has this open connection go on with a token that its client has refreshed: it then ends when that one is revoked, or
    /// expires, and no more with the one before. Call it before the old one is revoked.
    /// </summary>
    /// <param name="context">
    /// The request. In a SignalR hub that is <c>Context.GetHttpContext()</c>, over WebSockets and server-sent events.
    /// </param>
    /// <param name="encodedToken">
    /// The new token in its compact form, as the client has sent it over the connection: accepted by the same scheme, or by all
    /// of them if several had accepted the old one, and of the same issuer, <c>sub</c> and, if there is one, <c>sid</c>. Of two
    /// different tokens of the request, it must be clear which one it goes on from. <see cref="HttpContext.User"/> stays what it was; the scheme's events are not asked, nor the policies of the endpoint.
    /// </param>
    /// <param name="cancellationToken">Cancels the wait for the signing keys.</param>
    /// <returns>A task.</returns>
    /// <exception cref="ArgumentException"><paramref name="encodedToken"/> is <see langword="null"/> or empty.</exception>
    /// <exception cref="SecurityTokenValidationException">
    /// The token is not valid, is revoked, or is not of the same session: the connection stays with the one it has. Or it has
    /// ended already.
    /// </exception>
    /// <exception cref="InvalidOperationException">No JWT has authenticated the request.</exception>
    public static async Task ContinueWithTokenAsync(this HttpContext context, string encodedToken, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentException.ThrowIfNullOrEmpty(encodedToken);
        OpenConnections connections = context.RequestServices.GetAdded<OpenConnections>();
        OpenConnection connection = connections.Of(context)
            ?? throw new InvalidOperationException("The request was not authenticated by a JWT that the library covers.");

        // Not by any other scheme: its tokens may not be good enough for the endpoint.
        IReadOnlyList<(string Scheme, SecurityToken Token)> accepted = await context.RequestServices.GetRequiredService<BearerSchemes>()
            .ValidateNowAsync(connection.Tokens.Select(watched => watched.Scheme).Distinct(), encodedToken, cancellationToken).ConfigureAwait(false);
        if (!connections.TryContinue(connection, accepted))
        {
            throw new SecurityTokenValidationException("The token is not one by which the connection can go on: it is revoked, or its schemes, issuer, sub and sid are not the same, or the connection has ended.");
        }
    }
}
