using Microsoft.Extensions.DependencyInjection;

namespace JwtRevocation.Benchmarks.Fleet;

/// <summary>A node without a web server: what shares revocations is all there.</summary>
internal sealed class FleetNode : IAsyncDisposable
{
    private readonly ServiceProvider _services;

    private FleetNode(ServiceProvider services) => _services = services;

    public IRevokedTokenStore Store => _services.GetRequiredService<IRevokedTokenStore>();

    public ITokenRevoker Revoker => _services.GetRequiredService<ITokenRevoker>();

    public int Count => ((ICountedStore)Store).Count;

    /// <summary>Whether it can vouch for tokens.</summary>
    public bool IsFresh => ((ReplicatedRevokedTokenStore)Store).Replica.State.IsFresh;

    public static FleetNode Start(string redis, Action<Redis.RedisStoreOptions>? configure = null, Func<IRevocationLog, IRevocationLog>? decorate = null)
    {
        ServiceCollection services = new();
        services.AddLogging();
        services.AddAuthentication().AddJwtBearer();
        JwtRevocationBuilder builder = services.AddJwtRevocation();
        builder.AddRedisStore(options =>
        {
            options.Configuration = redis;
            configure?.Invoke(options);
        });
        if (decorate is not null)
        {
            builder.AddReplicatedStore(provider => decorate(Redis.RedisRevocationLog.Create(provider)), Redis.RedisRevocationLog.OptionsOf);
        }

        FleetNode node = new(services.BuildServiceProvider());
        _ = node.Store;
        return node;
    }

    /// <summary>A revocation of one token that does not exist.</summary>
    public static Revocation OfToken(UInt128 fingerprint, DateTimeOffset expires) =>
        new() { Target = RevocationTarget.OfStored(new(fingerprint)), Expires = expires };

    public bool Holds(UInt128 fingerprint) => ((ReplicatedRevokedTokenStore)Store).Holds(new(fingerprint));

    public async Task WaitAsync(Func<FleetNode, bool> condition)
    {
        while (!condition(this))
        {
            await Task.Delay(1);
        }
    }

    public ValueTask DisposeAsync() => _services.DisposeAsync();
}
