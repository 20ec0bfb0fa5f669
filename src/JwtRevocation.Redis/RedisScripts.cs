namespace JwtRevocation.Redis;

/// <summary>The scripts, as docs/wire-format.md has them.</summary>
/// <remarks>They choose the database themselves: see <see cref="RedisRevocationLog"/>.</remarks>
internal static class RedisScripts
{
    /// <summary>
    /// Adds entries after the last one, those that are not there, and tells the nodes that listen.
    /// </summary>
    /// <remarks>
    /// KEYS: the sorted set. ARGV: the database; the channel, or nothing to tell nobody; the gap; the entries. It returns why nobody
    /// could be told, or nothing, and the position of each entry. It is not rolled back when it fails, so that what may fail comes
    /// first: everything that may is found by the first three commands or at the first ZADD; and telling, which proves nothing,
    /// last.
    /// </remarks>
    public const string Append = """
        redis.call('SELECT', ARGV[1])
        local last = redis.call('ZREVRANGEBYSCORE', KEYS[1], '9007199254740991', '1', 'WITHSCORES', 'LIMIT', 0, 1)
        local position = (last[2] and tonumber(last[2]) or 0) + tonumber(ARGV[3])
        if position + #ARGV > 9007199254740991 then
          return redis.error_reply('ERR the positions are used up')
        end
        local result = {''}
        for i = 4, #ARGV do
          local held = redis.call('ZSCORE', KEYS[1], ARGV[i])
          local at = tonumber(held or 0)
          if not (at >= 1 and at <= 9007199254740991 and at % 1 == 0) then
            held = string.format('%.0f', position)
            redis.call('ZADD', KEYS[1], held, ARGV[i])
            position = position + 1
          end
          result[#result + 1] = held
        end
        if ARGV[2] ~= '' then
          for i = 4, #ARGV do
            local told = redis.pcall('PUBLISH', ARGV[2], result[i - 2] .. ' ' .. ARGV[i])
            if type(told) == 'table' and told.err then
              result[1] = told.err
            end
          end
        end
        return result
        """;

    /// <summary>
    /// Reads the epoch and entries where a write was refused, if only a primary refuses it so: one that is out of memory, out of
    /// disk or not to be written to by this user. What it has is all there is.
    /// </summary>
    /// <remarks>
    /// <para>
    /// KEYS: the sorted set, the probe, the epoch. ARGV: the database, what to write, the first and the last position, the most
    /// entries. It returns the refusal; the epoch; and each entry with its position.
    /// </para>
    /// <para>
    /// Redis names one reason and not the next: behind each of these it may be a replica, or lack its replicas, too. And before
    /// 6.2.7 it lets a script write all the same, so that a write which is taken proves nothing here. Nor does this alone: to a
    /// command Redis says first that its cluster is down, and to a script last.
    /// </para>
    /// </remarks>
    public const string ReadUnwritable = """
        redis.call('SELECT', ARGV[1])
        local refusal = redis.pcall('SET', KEYS[2], ARGV[2]).err or 'ERR the write that was refused is taken now'
        local replication = redis.call('INFO', 'replication')
        local isPrimary = string.find(replication, 'role:master', 1, true) and not string.find(replication, 'min_slaves_good_slaves:0', 1, true)
        local isKnown = false
        for _, text in ipairs({'OOM', 'MISCONF', 'NOPERM', 'ACL failure', 'executing the script'}) do
          isKnown = isKnown or string.find(refusal, text, 1, true)
        end
        if not (isPrimary and isKnown) then
          return redis.error_reply(refusal)
        end
        return {
          refusal,
          redis.call('GET', KEYS[3]),
          redis.call('ZRANGEBYSCORE', KEYS[1], ARGV[3], ARGV[4], 'WITHSCORES', 'LIMIT', 0, ARGV[5])
        }
        """;

    /// <summary>
    /// Removes entries, but not the last, which may be another one than the node has read: after a failover, say. KEYS: the sorted
    /// set. ARGV: the database; the entries.
    /// </summary>
    public const string Remove = """
        redis.call('SELECT', ARGV[1])
        local last = redis.call('ZREVRANGEBYSCORE', KEYS[1], '9007199254740991', '1', 'LIMIT', 0, 1)
        for i = 2, #ARGV do
          if ARGV[i] ~= last[1] then
            redis.call('ZREM', KEYS[1], ARGV[i])
          end
        end
        """;

    /// <summary>Gives an epoch to a log that has none. KEYS: the epoch. ARGV: the database; what the epoch is to be.</summary>
    public const string Initialize = """
        redis.call('SELECT', ARGV[1])
        redis.call('SET', KEYS[1], ARGV[2], 'NX')
        """;

    /// <summary>Asks what happens when memory runs out.</summary>
    public const string Memory = "return redis.call('INFO', 'memory')";
}
