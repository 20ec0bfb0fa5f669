using StackExchange.Redis;

namespace JwtRevocation.Redis;

/// <summary>Reads the log where a write is taken, and if it is refused, where that is no sign of another primary.</summary>
/// <remarks>What a replica has may be old, and proves nothing.</remarks>
internal sealed class PrimaryReads(RedisNames names)
{
    private const CommandFlags Primary = CommandFlags.DemandMaster;

    // What is beyond has no next whole number among doubles. Nobody gets there but by mistake, and new entries go before it.
    private const long LastPosition = (1L << 53) - 1;

    // Nobody reads what is written.
    private static readonly RedisValue Anything = "1";

    /// <param name="database">The database of the log.</param>
    /// <param name="from">The first position.</param>
    /// <param name="count">The most entries.</param>
    /// <returns>The page, and why Redis takes no writes, if it does not.</returns>
    /// <exception cref="RedisException">This may not be the primary.</exception>
    public async Task<(LogPage Page, string? Refusal)> ReadAsync(IDatabase database, long from, int count)
    {
        try
        {
            return (await ReadInTransactionAsync(database, from, count).ConfigureAwait(false), null);
        }
        catch (RedisServerException exception) when (exception.Message.StartsWith("EXECABORT", StringComparison.Ordinal))
        {
            // That does not tell why.
            try
            {
                await database.StringSetAsync(names.Probe, Anything, flags: Primary).ConfigureAwait(false);
            }
            catch (RedisServerException refusal) when (SaysPrimary(refusal.Message))
            {
                return await ReadUnwritableAsync(database, from, count).ConfigureAwait(false);
            }

            throw;
        }
    }

    /// <remarks>
    /// One transaction, because what took the write must be what is read: a client that knows of two primaries, as after a
    /// failover, sends one command to the one and the next to the other. A replica refuses the write, and a primary that lacks
    /// its replicas does. Where SELECT is refused, or there is no such database, the read fails as a whole.
    /// </remarks>
    private async Task<LogPage> ReadInTransactionAsync(IDatabase database, long from, int count)
    {
        ITransaction transaction = database.CreateTransaction();
        Task selecting = transaction.ExecuteAsync("SELECT", [database.Database], Primary);
        Task<bool> probing = transaction.StringSetAsync(names.Probe, Anything, flags: Primary);
        Task<RedisValue> epoch = transaction.StringGetAsync(names.Epoch, Primary);
        Task<SortedSetEntry[]> entries = transaction.SortedSetRangeByScoreWithScoresAsync(names.Entries, start: from, stop: LastPosition, take: count, flags: Primary);
        await Task.WhenAll(transaction.ExecuteAsync(Primary), selecting, probing, epoch, entries).ConfigureAwait(false);
        return new(
            (string?)await epoch.ConfigureAwait(false),
            [.. (await entries.ConfigureAwait(false)).Select(static entry => new LogEntry((long)entry.Score, entry.Element))]);
    }

    private async Task<(LogPage Page, string Refusal)> ReadUnwritableAsync(IDatabase database, long from, int count)
    {
        RedisResult[] result = (RedisResult[])(await database
            .ScriptEvaluateAsync(
                RedisScripts.ReadUnwritable,
                [names.Entries, names.Probe, names.Epoch],
                [database.Database, Anything, from, LastPosition, count],
                Primary)
            .ConfigureAwait(false))!;
        IEnumerable<RedisResult[]> entries = ((RedisResult[])result[2]!).Chunk(2);
        LogPage page = new((string?)result[1], [.. entries.Select(static entry => new LogEntry((long)(double)entry[1], (byte[])entry[0]!))]);
        return (page, (string)result[0]!);
    }

    // Out of memory, out of disk or without the right to write, but the primary all the same: what it has is all there is.
    private static bool SaysPrimary(string error) =>
        error.StartsWith("OOM", StringComparison.Ordinal)
        || error.StartsWith("MISCONF", StringComparison.Ordinal)
        || error.StartsWith("NOPERM", StringComparison.Ordinal);
}
