using JwtRevocation;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds JwtRevocation to the app's health checks.</summary>
public static class JwtRevocationHealthChecksBuilderExtensions
{
    /// <summary>
    /// Adds a check of the store: unhealthy while this node cannot say which tokens are revoked, so that it need not get
    /// requests; degraded when the promises hold, but somebody should look. Its data and description say what at.
    /// </summary>
    /// <param name="builder">The builder.</param>
    /// <param name="name">The name of the check. The default is <c>"jwt_revocation"</c>.</param>
    /// <param name="failureStatus">
    /// What is reported while this node cannot say. The default, <see langword="null"/>, is <see cref="HealthStatus.Unhealthy"/>.
    /// </param>
    /// <param name="tags">Tags by which checks can be chosen.</param>
    /// <returns>The builder.</returns>
    public static IHealthChecksBuilder AddJwtRevocation(
        this IHealthChecksBuilder builder, string name = "jwt_revocation", HealthStatus? failureStatus = null, IEnumerable<string>? tags = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.Add(new(
            name, static provider => new RevocationHealthCheck(provider.GetAdded<IRevokedTokenStore>()), failureStatus, tags));
    }
}
