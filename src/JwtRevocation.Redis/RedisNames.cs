using System.Globalization;
using StackExchange.Redis;

namespace JwtRevocation.Redis;

/// <summary>The names in Redis, as docs/wire-format.md has them: all under one hash tag, so in one slot of a cluster.</summary>
internal sealed class RedisNames(string prefix)
{
    /// <summary>The sorted set of entries, scored by their position.</summary>
    public RedisKey Entries { get; } = $"{{{prefix}}}:entries";

    /// <summary>The epoch, a string.</summary>
    public RedisKey Epoch { get; } = $"{{{prefix}}}:epoch";

    /// <summary>The node that repairs, a string that expires.</summary>
    public RedisKey Lease { get; } = $"{{{prefix}}}:lease";

    /// <summary>What every read writes, to find out whether it is the primary that it reads from.</summary>
    public RedisKey Probe { get; } = $"{{{prefix}}}:probe";

    /// <summary>
    /// The channel of hints. Channels know no databases, so that one other than the first is in the name: two denylists in
    /// one Redis must not hear each other.
    /// </summary>
    public RedisChannel Hints(int database) =>
        RedisChannel.Literal(database <= 0 ? $"{{{prefix}}}:hints" : string.Create(CultureInfo.InvariantCulture, $"{{{prefix}}}:hints:{database}"));
}
