using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

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
}
