using System.Buffers.Binary;
using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace JwtRevocation.Redis;

/// <summary>The log as a sorted set in Redis.</summary>
/// <remarks>
/// <para>Everything goes to the primary, and a read that a replica answers fails.</para>
/// <para>
/// What must be right chooses its database itself. The client sends SELECT, too, but goes on where that is refused, by a server
/// that is busy with a script or for want of the right, and takes the connection to be where it is not. What writes is a script: one
/// ends where SELECT fails, while a transaction whose SELECT fails when it is executed goes on with the rest.
/// </para>
/// </remarks>
internal sealed class RedisRevocationLog(RedisConnection connection, RedisNames names, TimeProvider timeProvider, ILogger logger)
    : IRevocationLog, IAsyncDisposable, IDisposable
{
    private const CommandFlags Primary = CommandFlags.DemandMaster;

    // See IRevocationLog: a log that has gone back does not come to the same positions again.
    private const int LargestGap = 4096;

    // By how much Redis' clock must agree that an entry has lapsed.
    private static readonly TimeSpan TrimDelay = TimeSpan.FromMinutes(10);

    private static readonly TimeSpan InspectionInterval = TimeSpan.FromMinutes(1);

    // Less than what a caller waits for the log.
    private static readonly TimeSpan ScriptPatience = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan ScriptPause = TimeSpan.FromMilliseconds(10);

    private readonly RedisValue _node = Guid.NewGuid().ToString("N");
    private readonly PrimaryReads _reads = new(names);
    private readonly RedisWarnings _warnings = new(logger);
    private readonly RedisHints _hints = new(names);
    private long? _inspected;

    public IReadOnlyCollection<string> Warnings => _warnings.All;

    /// <summary>The log that the app's options describe.</summary>
    public static RedisRevocationLog Create(IServiceProvider services) => new(
        new RedisConnection(OptionsOf(services), services),
        new RedisNames(OptionsOf(services).KeyPrefix),
        services.GetRequiredService<TimeProvider>(),
        services.GetRequiredService<ILogger<RedisRevocationLog>>());

    public static RedisStoreOptions OptionsOf(IServiceProvider services) => services.GetRequiredService<IOptions<RedisStoreOptions>>().Value;

    public async Task<IReadOnlyList<long>> AppendAsync(
        IReadOnlyList<ReadOnlyMemory<byte>> entries, bool announce, CancellationToken cancellationToken)
    {
        IConnectionMultiplexer redis = await connection.GetAsync().WaitOrAbandonAsync(cancellationToken).ConfigureAwait(false);
        RedisValue[] arguments =
        [
            redis.GetDatabase().Database,
            announce ? _hints.NameInRedis(connection.ChannelPrefixOf(redis), redis) : RedisValue.EmptyString,
            Random.Shared.Next(1, LargestGap + 1),
            .. entries.Select(static entry => (RedisValue)entry),
        ];
        RedisResult[] result = (RedisResult[])(await EvaluateAsync(redis, arguments).WaitOrAbandonAsync(cancellationToken).ConfigureAwait(false))!;

        if (announce)
        {
            string hintFailure = (string)result[0]!;
            _warnings.Set(
                "announcing",
                hintFailure.Length == 0 ? null : $"Redis does not let this node tell others at once ('{hintFailure}'). They know by their next poll.");
        }

        return [.. result.Skip(1).Select(static position => long.Parse((string)position!, NumberStyles.Float, CultureInfo.InvariantCulture))];
    }

    public async Task<LogPage> ReadAsync(long from, int count, CancellationToken cancellationToken)
    {
        IConnectionMultiplexer redis = await connection.GetAsync().WaitOrAbandonAsync(cancellationToken).ConfigureAwait(false);
        _warnings.Set("listening", _hints.EnsureSubscribed(redis));

        (LogPage page, string? refusal) = await _reads.ReadAsync(redis.GetDatabase(), from, count).WaitOrAbandonAsync(cancellationToken).ConfigureAwait(false);
        _warnings.Set(
            "writing",
            refusal is null ? null : $"Redis takes no writes ('{Sentence(refusal)}'). Revocations may fail until it does; those that there are stay in force.");

        if (_inspected is not { } inspected || timeProvider.GetElapsedTime(inspected) > InspectionInterval)
        {
            string? policy = await EvictionPolicyAsync(redis).WaitOrAbandonAsync(cancellationToken).ConfigureAwait(false);
            _warnings.Set(
                "eviction",
                policy?.StartsWith("allkeys-", StringComparison.Ordinal) == true
                    ? $"Redis may drop all revocations at once when it runs out of memory: its maxmemory-policy is '{policy}'. Set it to 'noeviction' or one that begins with 'volatile-'."
                    : null);
            _inspected = timeProvider.GetTimestamp();
        }

        return page;
    }

    public async Task RemoveAsync(IReadOnlyList<ReadOnlyMemory<byte>> entries, CancellationToken cancellationToken)
    {
        IDatabase database = await DatabaseAsync(cancellationToken).ConfigureAwait(false);

        // A second opinion: a node that was started with a clock hours ahead takes live entries for lapsed.
        RedisResult[] time = (RedisResult[])(await database.ExecuteAsync("TIME", [], Primary).WaitAsync(cancellationToken).ConfigureAwait(false))!;
        long lapsedBefore = (long)time[0] - (long)TrimDelay.TotalSeconds;
        RedisValue[] lapsed = [.. entries.Where(entry => ExpiresOf(entry.Span) < lapsedBefore).Select(static entry => (RedisValue)entry)];
        if (lapsed.Length > 0)
        {
            // In another database it could be the last entry, by which those who read that log know it.
            await database.ScriptEvaluateAsync(RedisScripts.Remove, [names.Entries], [database.Database, .. lapsed], Primary)
                .WaitOrAbandonAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    public async Task InitializeAsync(string epoch, CancellationToken cancellationToken)
    {
        IDatabase database = await DatabaseAsync(cancellationToken).ConfigureAwait(false);
        await database.ScriptEvaluateAsync(RedisScripts.Initialize, [names.Epoch], [database.Database, epoch], Primary)
            .WaitOrAbandonAsync(cancellationToken).ConfigureAwait(false);
    }

    public async Task<bool> TryLeadRepairAsync(TimeSpan duration, CancellationToken cancellationToken)
    {
        IDatabase database = await DatabaseAsync(cancellationToken).ConfigureAwait(false);
        if (await database.StringSetAsync(names.Lease, _node, duration, when: When.NotExists, flags: Primary)
            .WaitAsync(cancellationToken).ConfigureAwait(false))
        {
            return true;
        }

        // If it expires in between, two lead for a moment, which does no harm.
        if (await database.StringGetAsync(names.Lease, Primary).WaitAsync(cancellationToken).ConfigureAwait(false) == _node)
        {
            return await database.KeyExpireAsync(names.Lease, duration, flags: Primary).WaitAsync(cancellationToken).ConfigureAwait(false);
        }

        // Redis' clock was set back, say: who led may be gone long before such a lease is.
        TimeSpan? left = await database.KeyTimeToLiveAsync(names.Lease, Primary).WaitAsync(cancellationToken).ConfigureAwait(false);
        if (left is null || left > duration)
        {
            await database.KeyExpireAsync(names.Lease, duration, flags: Primary).WaitAsync(cancellationToken).ConfigureAwait(false);
        }

        return false;
    }

    public void Listen(Action<LogEntry> hint) => _hints.Listen(hint);

    public void Dispose()
    {
        _hints.Dispose();
        connection.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        await _hints.DisposeAsync().ConfigureAwait(false);
        await connection.DisposeAsync().ConfigureAwait(false);
    }

    // Unix seconds, after version, kind and flags.
    private static long ExpiresOf(ReadOnlySpan<byte> entry) => BinaryPrimitives.ReadInt64BigEndian(entry[3..]);

    private async Task<IDatabase> DatabaseAsync(CancellationToken cancellationToken) =>
        (await connection.GetAsync().WaitOrAbandonAsync(cancellationToken).ConfigureAwait(false)).GetDatabase();

    private async Task<RedisResult> EvaluateAsync(IConnectionMultiplexer redis, RedisValue[] arguments)
    {
        IDatabase database = redis.GetDatabase();
        long started = timeProvider.GetTimestamp();
        while (true)
        {
            try
            {
                return await database.ScriptEvaluateAsync(RedisScripts.Append, [names.Entries], arguments, Primary).ConfigureAwait(false);
            }
            catch (RedisServerException exception) when (HasNotRun(exception.Message) && timeProvider.GetElapsedTime(started) < ScriptPatience)
            {
                await Task.Delay(ScriptPause, timeProvider).ConfigureAwait(false);
            }
        }
    }

    // A script of somebody else takes too long, or was killed for it, or this one was in its stead, before it had written anything.
    private static bool HasNotRun(string error) =>
        error.StartsWith("BUSY ", StringComparison.Ordinal) || error.Contains("SCRIPT KILL", StringComparison.Ordinal);

    private static string Sentence(string error) => error.Split('\n', '.')[0];

    private async Task<string?> EvictionPolicyAsync(IConnectionMultiplexer redis)
    {
        try
        {
            // By a script, because the client keeps the command itself for connections that may administrate.
            string? memory = (string?)await redis.GetDatabase()
                .ScriptEvaluateAsync(RedisScripts.Memory, [names.Entries], flags: Primary).ConfigureAwait(false);
            return memory?.Split('\n').FirstOrDefault(static line => line.StartsWith("maxmemory_policy:", StringComparison.Ordinal))?.Split(':')[1].Trim();
        }
        catch (Exception exception) when (exception is RedisException or RedisCommandException or NotSupportedException or TimeoutException)
        {
            // Not everybody may ask, and not every server knows. That is no reason to warn.
            return null;
        }
    }
}
