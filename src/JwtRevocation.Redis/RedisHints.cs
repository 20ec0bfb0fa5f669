using System.Buffers.Text;
using StackExchange.Redis;

namespace JwtRevocation.Redis;

/// <summary>The subscription by which this node hears of entries at once.</summary>
internal sealed class RedisHints(RedisNames names) : IAsyncDisposable
{
    private Action<LogEntry>? _hint;
    private Task<ChannelMessageQueue>? _subscription;
    private string? _nameInRedis;

    public void Listen(Action<LogEntry> hint) => _hint = hint;

    /// <summary>Subscribes, if need be. It is not waited for: a node that hears nothing knows by its next read.</summary>
    /// <returns>Why this node hears nothing, if that is so.</returns>
    public string? EnsureSubscribed(IConnectionMultiplexer redis)
    {
        if (_subscription is { IsCompleted: false } or { IsCompletedSuccessfully: true })
        {
            return null;
        }

        Exception? failure = _subscription?.Exception?.InnerException;
        _subscription = SubscribeAsync(redis);
        return failure is null
            ? null
            : $"Redis does not let this node hear of revocations at once ('{failure.Message.Split('\n')[0]}'). It knows by its next poll.";
    }

    /// <summary>The channel's name as a script must give it: the client adds a prefix, if it has one, only by itself.</summary>
    public RedisValue NameInRedis(IConnectionMultiplexer redis) =>
        _nameInRedis ??= (string?)ConfigurationOptions.Parse(redis.Configuration).ChannelPrefix + (string?)Channel(redis);

    public async ValueTask DisposeAsync()
    {
        if (_subscription is { IsCompletedSuccessfully: true })
        {
            try
            {
                await (await _subscription.ConfigureAwait(false)).UnsubscribeAsync(CommandFlags.FireAndForget).ConfigureAwait(false);
            }
            catch (Exception exception) when (exception is RedisException or ObjectDisposedException)
            {
                // There is nobody to tell.
            }
        }
    }

    private RedisChannel Channel(IConnectionMultiplexer redis) => names.Hints(redis.GetDatabase().Database);

    private async Task<ChannelMessageQueue> SubscribeAsync(IConnectionMultiplexer redis)
    {
        ChannelMessageQueue queue = await redis.GetSubscriber().SubscribeAsync(Channel(redis)).ConfigureAwait(false);
        queue.OnMessage(OnMessage);
        return queue;
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
