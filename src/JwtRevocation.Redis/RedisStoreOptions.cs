using StackExchange.Redis;

namespace JwtRevocation.Redis;

/// <summary>Options of <c>AddRedisStore()</c>. Wrong ones stop the app at its start.</summary>
/// <remarks>
/// Exactly one of <see cref="Configuration"/>, <see cref="ConfigurationOptions"/> and
/// <see cref="ConnectionMultiplexerFactory"/> must be set.
/// </remarks>
public sealed class RedisStoreOptions : ReplicaOptions
{
    /// <summary>Where Redis is, as StackExchange.Redis writes it: <c>"localhost:6379"</c>.</summary>
    public string? Configuration { get; set; }

    /// <summary>
    /// Where Redis is, as an object. It is copied. The connection that is made of it or of <see cref="Configuration"/>
    /// always tries to connect again, every second. Unless <c>keepAlive</c> and <c>configCheckSeconds</c> are set, it looks
    /// every 5 seconds whether its peers are alive, and which of them is the primary.
    /// </summary>
    public ConfigurationOptions? ConfigurationOptions { get; set; }

    /// <summary>
    /// Gives a connection that the app made, and that is the app's to dispose of. Called until it has succeeded once. How
    /// fast such a connection notices a dead peer, and connects again, is for the app to choose.
    /// </summary>
    public Func<IServiceProvider, Task<IConnectionMultiplexer>>? ConnectionMultiplexerFactory { get; set; }

    /// <summary>
    /// What the keys in Redis begin with. Nodes with the same one share their revocations. It must not be empty, nor have a
    /// brace in it: it is the hash tag by which all keys are in one slot of a cluster. The default is
    /// <c>"jwt-revocation"</c>.
    /// </summary>
    public string KeyPrefix { get; set; } = "jwt-revocation";
}
