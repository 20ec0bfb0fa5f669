using JwtRevocation;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Ends open connections whose token is revoked.</summary>
public static class EndOnRevocationEndpointConventionBuilderExtensions
{
    /// <summary>
    /// Ends requests that are still running when their token is revoked, be it by itself, or with its subject, its session or
    /// any other target, and on whichever node: WebSockets, SignalR hubs, server-sent events, gRPC streams, long downloads.
    /// </summary>
    /// <param name="builder">The endpoint, hub, controller or group.</param>
    /// <param name="orExpiration">
    /// Whether a request also ends when its token has expired, and the clock skew that its scheme allows has passed, within a
    /// second. The default is <see langword="false"/>. To go on with a refreshed token, see
    /// <see cref="TokenRevokedHttpContextExtensions.ContinueWithTokenAsync"/>.
    /// </param>
    /// <typeparam name="TBuilder">The type of the builder.</typeparam>
    /// <returns>The builder.</returns>
    /// <remarks>
    /// <para>
    /// The request is aborted as by <see cref="HttpContext.Abort"/>: its endpoint sees
    /// <see cref="HttpContext.RequestAborted"/>, and its client a connection that breaks off, or over HTTP/2 a stream that is
    /// reset. To say goodbye first, leave this out and use <see cref="TokenRevokedHttpContextExtensions.GetTokenRevoked"/>.
    /// </para>
    /// <para>
    /// While the store cannot say which tokens are revoked, what decides is <see cref="JwtRevocationOptions.WhenUnavailable"/>,
    /// as for a new request: by default the request ends. With a store of your own it takes up to a second.
    /// </para>
    /// <para>
    /// What counts are the tokens that have authenticated the request by the time its endpoint runs. One that none has runs
    /// on; so does one whose endpoint, or a filter of it, is the first to authenticate it.
    /// </para>
    /// <para>
    /// A route that only finds the page or controller to run, as of <c>MapFallbackToPage</c> or
    /// <c>MapDynamicControllerRoute</c>, is replaced by what it finds: call this on the pages or controllers themselves.
    /// </para>
    /// <para>Other endpoints pay nothing for it.</para>
    /// </remarks>
    public static TBuilder EndOnRevocation<TBuilder>(this TBuilder builder, bool orExpiration = false)
        where TBuilder : IEndpointConventionBuilder
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Add(endpoint =>
        {
            // Not all frameworks say which services the app has: those of Razor components do not.
            if (endpoint.ApplicationServices.GetService<IServiceProviderIsService>() is { } services && !services.IsService(typeof(OpenConnections)))
            {
                throw AddedServices.NotAdded();
            }

            if (endpoint.RequestDelegate is { } next)
            {
                endpoint.RequestDelegate = context => RunAsync(context, next, orExpiration);
            }
        });
        return builder;
    }

    private static async Task RunAsync(HttpContext context, RequestDelegate next, bool orExpiration)
    {
        OpenConnections connections = context.RequestServices.GetRequiredService<OpenConnections>();
        bool isNew = context.Features.Get<OpenConnection>() is not { IsOver: false };
        if (connections.Of(context) is not { } connection)
        {
            await next(context).ConfigureAwait(false);
            return;
        }

        connection.BeginAborting(orExpiration);
        try
        {
            connection.Check();
            if (connection.HasEnded)
            {
                // It was revoked between its validation and here.
                context.Abort();
                return;
            }

            await next(context).ConfigureAwait(false);
        }
        finally
        {
            connection.EndAborting(orExpiration);
            if (isNew)
            {
                // As the endpoint returns: not every server tells of the end of a request that was aborted. Otherwise somebody
                // further out has asked for it, and may go on.
                connection.Dispose();
            }
        }
    }
}
