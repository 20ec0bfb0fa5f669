using System.Buffers.Text;
using StackExchange.Redis;

namespace JwtRevocation.Redis;

/// <summary>The subscription by which this node hears of entries at once.</summary>
internal sealed class RedisHints(RedisNames names) : IAsyncDisposable, IDisposable
{
    private readonly Lock _subscribingOnce = new();
    private Action<LogEntry>? _hint;
    private Task? _subscribing;
    private ChannelMessageQueue? _queue;
    private string? _failure;
    private string? _nameInRedis;
    private bool _isDisposed;

    public void Listen(Action<LogEntry> hint) => _hint = hint;

    /// <summary>Subscribes, if need be. It is not waited for: a node that hears nothing knows by its next read.</summary>
    /// <returns>Why this node hears nothing, if that is so.</returns>
    public string? EnsureSubscribed(IConnectionMultiplexer redis)
    {
        // Reads that were given up may go on beside another.
        lock (_subscribingOnce)
        {
            return EnsureSubscribedOnce(redis);
        }
    }

    private string? EnsureSubscribedOnce(IConnectionMultiplexer redis)
    {
        if (_isDisposed || _subscribing is { IsCompleted: false })
        {
            return _failure;
        }

        // That Redis is out of reach, the reads say; and whoever hears nothing although they succeed, HintWatch.
        _failure = _subscribing?.Exception?.InnerException is { } exception and not (RedisConnectionException or RedisTimeoutException)
            ? $"Redis does not let this node hear of revocations at once ('{exception.Message.Split('\n')[0]}'). It knows by its next poll."
            : null;
        ISubscriber subscriber = redis.GetSubscriber();
        if (_subscribing is not { IsCompletedSuccessfully: true } || IsLost(subscriber, Channel(redis)))
        {
            _subscribing = SubscribeAsync(subscriber, Channel(redis));
        }

        return _failure;
    }

    /// <summary>The channel's name as a script must give it: the client adds a prefix, if it has one, only by itself.</summary>
    public RedisValue NameInRedis(string? channelPrefix, IConnectionMultiplexer redis) => _nameInRedis ??= channelPrefix + (string?)Channel(redis);

    public void Dispose() => TakeQueue()?.Unsubscribe(CommandFlags.FireAndForget);

    public async ValueTask DisposeAsync()
    {
        if (TakeQueue() is { } queue)
        {
            try
            {
                await queue.UnsubscribeAsync(CommandFlags.FireAndForget).ConfigureAwait(false);
            }
            catch (Exception exception) when (exception is RedisException or ObjectDisposedException)
            {
                // There is nobody to tell.
            }
        }
    }

    private RedisChannel Channel(IConnectionMultiplexer redis) => names.Hints(redis.GetDatabase().Database);

    // The client subscribes again when it has connected again, but only once: if Redis refuses that, it leaves it at that.
    private static bool IsLost(ISubscriber subscriber, RedisChannel channel) =>
        subscriber.IsConnected(channel) && subscriber.SubscribedEndpoint(channel) is null;

    private async Task SubscribeAsync(ISubscriber subscriber, RedisChannel channel)
    {
        ChannelMessageQueue queue;
        try
        {
            queue = await subscriber.SubscribeAsync(channel).ConfigureAwait(false);
        }
        catch
        {
            // The client would keep the queue that nobody reads, and all that comes to it.
            await subscriber.UnsubscribeAsync(channel, handler: null, CommandFlags.FireAndForget).ConfigureAwait(false);
            throw;
        }

        if (_queue is { } former)
        {
            await former.UnsubscribeAsync(CommandFlags.FireAndForget).ConfigureAwait(false);
        }

        lock (_subscribingOnce)
        {
            if (!_isDisposed)
            {
                _queue = queue;
                queue.OnMessage(OnMessage);
                return;
            }
        }

        // Too late: the connection may be the app's, and would keep it.
        await queue.UnsubscribeAsync(CommandFlags.FireAndForget).ConfigureAwait(false);
    }

    private ChannelMessageQueue? TakeQueue()
    {
        lock (_subscribingOnce)
        {
            _isDisposed = true;
            return Interlocked.Exchange(ref _queue, null);
        }
    }

    // The position, a space, the entry.
    private void OnMessage(ChannelMessage message)
    {
        ReadOnlyMemory<byte> bytes = message.Message;
        if (Utf8Parser.TryParse(bytes.Span, out long position, out int length) && bytes.Length > length && bytes.Span[length] == ' ')
        {
            _hint?.Invoke(new(position, bytes[(length + 1)..]));
        }
    }
}
