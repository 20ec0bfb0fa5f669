namespace JwtRevocation.Benchmarks.Api;

/// <summary>How an API finds out whether a token was revoked.</summary>
internal enum ApiMode
{
    /// <summary>Not at all: what all others are compared with.</summary>
    Without,

    /// <summary>Not at all, in another process: how far apart two of the same are.</summary>
    WithoutAgain,

    /// <summary>Not at all, in a process with a connection to Redis that it does not use, as an API has for its own purposes.</summary>
    WithoutOnRedis,

    /// <summary>This library, in memory, with a hundred thousand tokens revoked.</summary>
    InMemory,

    /// <summary>This library, in memory, with a million tokens revoked.</summary>
    Million,

    /// <summary>This library, in memory, with ten thousand of each kind revoked.</summary>
    AllKinds,

    /// <summary>This library, in memory, with a thousand open connections that end on revocation.</summary>
    Connections,

    /// <summary>The same, with connections that do not: what the connections themselves cost.</summary>
    UnwatchedConnections,

    /// <summary>This library on Redis, with a hundred thousand tokens revoked.</summary>
    Redis,

    /// <summary>The same, on a Redis that was stopped by SIGSTOP after the warm-up.</summary>
    RedisStopped,

    /// <summary>A dictionary of signature texts, asked in a LifetimeValidator.</summary>
    SignatureDictionary,

    /// <summary>A middleware that asks IDistributedCache, on Redis, for each request.</summary>
    CacheMiddleware,

    /// <summary>OpenIddict's validation, which asks nobody.</summary>
    OpenIddict,

    /// <summary>OpenIddict's validation with EnableTokenEntryValidation, on SQLite.</summary>
    OpenIddictEntries,
}
