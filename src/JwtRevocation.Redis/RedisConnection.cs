using StackExchange.Redis;

namespace JwtRevocation.Redis;

/// <summary>The connection to Redis: one that is made here, or the app's.</summary>
internal sealed class RedisConnection(RedisStoreOptions options, IServiceProvider services) : IAsyncDisposable, IDisposable
{
    // A survivor of a Redis that was restarted empty must be back before a new node takes it for new.
    private static readonly TimeSpan ReconnectInterval = TimeSpan.FromSeconds(1);

    // By the default of a minute, a connection that is dead without having been closed is deaf for that long.
    private const int KeepAliveSeconds = 5;

    // By the default of a minute, a replica that was promoted is found only when nodes with MaxStaleness's default are unknown.
    private const int ConfigCheckSeconds = 5;

    private readonly Lock _connecting = new();
    private Task<IConnectionMultiplexer>? _multiplexer;
    private ConnectionMultiplexer? _own;
    private ConfigurationOptions? _configuration;
    private bool _isDisposed;

    /// <summary>The connection. It may not be connected at the moment.</summary>
    public Task<IConnectionMultiplexer> GetAsync()
    {
        if (Volatile.Read(ref _multiplexer) is { IsCompletedSuccessfully: true } connected)
        {
            return connected;
        }

        lock (_connecting)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            if (_multiplexer is null or { IsFaulted: true } or { IsCanceled: true })
            {
                Volatile.Write(ref _multiplexer, ConnectAsync());
            }

            return _multiplexer!;
        }
    }

    /// <summary>What the client puts before the names of channels.</summary>
    public string? ChannelPrefixOf(IConnectionMultiplexer redis)
    {
        if (_configuration is { } configuration)
        {
            return configuration.ChannelPrefix;
        }

        try
        {
            return ConfigurationOptions.Parse(redis.Configuration).ChannelPrefix;
        }
        catch (ArgumentException)
        {
            // The text of a configuration cannot always be read again, if a password has a comma, say. Hints are not worth
            // a failure: without the prefix, if there is one, they are not heard.
            return null;
        }
    }

    public void Dispose() => TakeOwn()?.Dispose();

    public ValueTask DisposeAsync() => TakeOwn()?.DisposeAsync() ?? ValueTask.CompletedTask;

    /// <summary>From now on there is no connection.</summary>
    /// <returns>The one to dispose of, if there is one that was made here.</returns>
    private ConnectionMultiplexer? TakeOwn()
    {
        lock (_connecting)
        {
            _isDisposed = true;
            return Interlocked.Exchange(ref _own, null);
        }
    }

    private async Task<IConnectionMultiplexer> ConnectAsync()
    {
        // Not on the thread, nor under the lock, of whoever asked first.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        if (options.ConnectionMultiplexerFactory is { } factory)
        {
            return await factory(services).ConfigureAwait(false)
                ?? throw new InvalidOperationException($"{nameof(RedisStoreOptions)}.{nameof(options.ConnectionMultiplexerFactory)} returned null.");
        }

        _configuration = Configuration();
        ConnectionMultiplexer own = await ConnectionMultiplexer.ConnectAsync(_configuration).ConfigureAwait(false);
        lock (_connecting)
        {
            if (!_isDisposed)
            {
                return _own = own;
            }
        }

        // Too late: nobody else knows of it.
        await own.DisposeAsync().ConfigureAwait(false);
        throw new ObjectDisposedException(nameof(RedisConnection));
    }

    private ConfigurationOptions Configuration()
    {
        ConfigurationOptions configuration = options.ConfigurationOptions?.Clone() ?? ConfigurationOptions.Parse(options.Configuration!);
        configuration.AbortOnConnectFail = false;
        configuration.ReconnectRetryPolicy = new LinearRetry((int)ReconnectInterval.TotalMilliseconds);

        // The text names them only if somebody has set them.
        string text = configuration.ToString(includePassword: false);
        if (!text.Contains("keepAlive=", StringComparison.OrdinalIgnoreCase))
        {
            configuration.KeepAlive = KeepAliveSeconds;
        }

        if (!text.Contains("configCheckSeconds=", StringComparison.OrdinalIgnoreCase))
        {
            configuration.ConfigCheckSeconds = ConfigCheckSeconds;
        }

        return configuration;
    }
}
