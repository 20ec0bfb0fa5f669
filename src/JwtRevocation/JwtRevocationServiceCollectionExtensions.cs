using JwtRevocation;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds JwtRevocation to an app.</summary>
public static class JwtRevocationServiceCollectionExtensions
{
    /// <summary>
    /// Lets the app revoke JWTs: every JwtBearer scheme refuses revoked tokens, and <c>HttpContext.SignOutAsync()</c> and
    /// <c>TypedResults.SignOut()</c> revoke the token of the request. Revocations are held in memory.
    /// </summary>
    /// <param name="services">The app's services. AddJwtBearer may come before or after.</param>
    /// <returns>A builder, to choose another store.</returns>
    public static JwtRevocationBuilder AddJwtRevocation(this IServiceCollection services) =>
        services.AddJwtRevocation(static _ => { });

    /// <summary>As <see cref="AddJwtRevocation(IServiceCollection)"/>, with options from a configuration section.</summary>
    /// <param name="services">The app's services.</param>
    /// <param name="configuration">The section, for example <c>builder.Configuration.GetSection("JwtRevocation")</c>.</param>
    /// <returns>A builder, to choose another store.</returns>
    public static JwtRevocationBuilder AddJwtRevocation(this IServiceCollection services, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        return services.AddJwtRevocation(options => configuration.Bind(options));
    }

    /// <summary>As <see cref="AddJwtRevocation(IServiceCollection)"/>, with options.</summary>
    /// <param name="services">The app's services.</param>
    /// <param name="configure">Sets the options. Called again, it adds to what was set before.</param>
    /// <returns>A builder, to choose another store.</returns>
    public static JwtRevocationBuilder AddJwtRevocation(this IServiceCollection services, Action<JwtRevocationOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configure);

        services.AddLogging();
        services.AddMetrics();
        services.AddOptions<JwtRevocationOptions>().Configure(configure).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<JwtRevocationOptions>, JwtRevocationOptionsValidator>());

        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<IRevokedTokenStore, InMemoryRevokedTokenStore>();
        services.TryAddSingleton<RevocationMetrics>();
        services.TryAddSingleton<RevocationCheck>();
        services.TryAddSingleton<TokenRetention>();
        services.TryAddSingleton<TokenRevoker>();
        services.TryAddSingleton<ITokenRevoker>(static provider => provider.GetRequiredService<TokenRevoker>());

        services.TryAddSingleton<BearerProtection>();
        services.TryAddSingleton<BearerSchemes>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<JwtBearerOptions>, BearerProtection>(
            static provider => provider.GetRequiredService<BearerProtection>()));
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IPostConfigureOptions<AuthenticationOptions>, SignOutScheme>());
        services.TryAddTransient<SignOutHandler>();

        services.TryAddSingleton<OpenConnections>();
        services.TryAddTransient<TokenRevocationEndpoint>();
        services.ConfigureHttpJsonOptions(static options =>
        {
            // Where there is no reflection, the app's OpenAPI document cannot be made without; the app's own types go first.
            if (!options.SerializerOptions.TypeInfoResolverChain.Contains(EndpointJson.Default))
            {
                options.SerializerOptions.TypeInfoResolverChain.Add(EndpointJson.Default);
            }
        });
        services.TryAddSingleton<IssuerMessages>();
        services.TryAddSingleton<SecurityEventEndpoint>();
        services.TryAddSingleton<BackChannelLogoutReplays>();
        services.TryAddSingleton<BackChannelLogoutEndpoint>();
        services.TryAddSingleton<MappedEndpoints>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, MappedEndpoints>(
            static provider => provider.GetRequiredService<MappedEndpoints>()));
        return new(services);
    }
}
