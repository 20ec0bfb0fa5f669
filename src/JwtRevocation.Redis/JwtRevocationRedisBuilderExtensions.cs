using JwtRevocation;
using JwtRevocation.Redis;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Shares revocations among many nodes over Redis.</summary>
public static class JwtRevocationRedisBuilderExtensions
{
    /// <summary>
    /// Shares revocations over Redis with all nodes that do. Each holds all of them in its memory and answers from it; no
    /// request waits for Redis. An app starts without Redis too, and refuses tokens until it is there.
    /// </summary>
    /// <param name="builder">What <c>AddJwtRevocation()</c> returned.</param>
    /// <param name="configuration">
    /// Where Redis is, as StackExchange.Redis writes it: <c>"localhost:6379"</c>, or
    /// <c>"sentinel1,sentinel2,serviceName=mymaster,password=…"</c>.
    /// </param>
    /// <returns>The builder.</returns>
    public static JwtRevocationBuilder AddRedisStore(this JwtRevocationBuilder builder, string configuration)
    {
        ArgumentException.ThrowIfNullOrEmpty(configuration);
        return builder.AddRedisStore(options => options.Configuration = configuration);
    }

    /// <summary>As <see cref="AddRedisStore(JwtRevocationBuilder, string)"/>, with options from a configuration section.</summary>
    /// <param name="builder">What <c>AddJwtRevocation()</c> returned.</param>
    /// <param name="configuration">
    /// The section, with the names of <see cref="RedisStoreOptions"/>: <c>Configuration</c>, <c>KeyPrefix</c>,
    /// <c>PollInterval</c>, <c>MaxStaleness</c>.
    /// </param>
    /// <returns>The builder.</returns>
    public static JwtRevocationBuilder AddRedisStore(this JwtRevocationBuilder builder, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        return builder.AddRedisStore(options =>
        {
            options.Configuration = configuration[nameof(options.Configuration)] ?? options.Configuration;
            options.KeyPrefix = configuration[nameof(options.KeyPrefix)] ?? options.KeyPrefix;
            options.PollInterval = configuration.GetValue(nameof(options.PollInterval), options.PollInterval);
            options.MaxStaleness = configuration.GetValue(nameof(options.MaxStaleness), options.MaxStaleness);
        });
    }

    /// <summary>As <see cref="AddRedisStore(JwtRevocationBuilder, string)"/>, with options.</summary>
    /// <param name="builder">What <c>AddJwtRevocation()</c> returned.</param>
    /// <param name="configure">Sets the options. Called again, it adds to what was set before.</param>
    /// <returns>The builder.</returns>
    public static JwtRevocationBuilder AddRedisStore(this JwtRevocationBuilder builder, Action<RedisStoreOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(configure);

        builder.Services.AddOptions<RedisStoreOptions>().Configure(configure).ValidateOnStart();
        builder.Services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<RedisStoreOptions>, RedisStoreOptionsValidator>());
        return builder.AddReplicatedStore(RedisRevocationLog.Create, RedisRevocationLog.OptionsOf);
    }
}
