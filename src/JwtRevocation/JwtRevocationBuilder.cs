using System.Diagnostics.CodeAnalysis;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace JwtRevocation;

/// <summary>What <c>AddJwtRevocation()</c> returns, to choose another store than the one in memory.</summary>
public sealed class JwtRevocationBuilder
{
    internal JwtRevocationBuilder(IServiceCollection services) => Services = services;

    /// <summary>The app's services.</summary>
    public IServiceCollection Services { get; }

    /// <summary>Makes <typeparamref name="TStore"/> the app's store, as a singleton.</summary>
    /// <typeparam name="TStore">The store. The package JwtRevocation.StoreContract holds the tests that it must pass.</typeparam>
    /// <returns>This builder.</returns>
    public JwtRevocationBuilder AddStore<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] TStore>()
        where TStore : class, IRevokedTokenStore
    {
        Services.Replace(ServiceDescriptor.Singleton<IRevokedTokenStore, TStore>());
        return this;
    }

    /// <summary>Makes what <paramref name="factory"/> returns the app's store, as a singleton.</summary>
    /// <typeparam name="TStore">The type of the store.</typeparam>
    /// <param name="factory">Makes the store, once.</param>
    /// <returns>This builder.</returns>
    public JwtRevocationBuilder AddStore<TStore>(Func<IServiceProvider, TStore> factory)
        where TStore : class, IRevokedTokenStore
    {
        ArgumentNullException.ThrowIfNull(factory);
        Services.Replace(ServiceDescriptor.Singleton<IRevokedTokenStore>(factory));
        return this;
    }

    /// <summary>
    /// Makes a store the app's that holds everything in memory, and shares it with other nodes through a log.
    /// </summary>
    /// <param name="log">Makes the log, once. It is disposed with the app if it is <see cref="IAsyncDisposable"/>.</param>
    /// <param name="options">The options; <see langword="null"/> for the defaults.</param>
    /// <returns>This builder.</returns>
    /// <exception cref="OptionsValidationException">At the start of the app: the options are wrong.</exception>
    public JwtRevocationBuilder AddReplicatedStore(
        Func<IServiceProvider, IRevocationLog> log, Func<IServiceProvider, ReplicaOptions>? options = null)
    {
        ArgumentNullException.ThrowIfNull(log);
        Services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, ReplicaStart>());
        return AddStore(provider =>
        {
            ReplicaOptions replica = options?.Invoke(provider) ?? new();
            return replica.Errors().ToArray() is { Length: > 0 } errors
                ? throw new OptionsValidationException(nameof(ReplicaOptions), replica.GetType(), errors)
                : new ReplicatedRevokedTokenStore(
                    log(provider),
                    replica,
                    provider.GetRequiredService<IMeterFactory>(),
                    provider.GetRequiredService<TimeProvider>(),
                    provider.GetRequiredService<ILogger<ReplicatedRevokedTokenStore>>());
        });
    }
}
