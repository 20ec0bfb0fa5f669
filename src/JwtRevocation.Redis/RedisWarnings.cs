using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace JwtRevocation.Redis;

/// <summary>What somebody who operates Redis should know, by what it is about. Each is logged when it comes up.</summary>
internal sealed class RedisWarnings(ILogger logger)
{
    private readonly ConcurrentDictionary<string, string> _warnings = new();

    public IReadOnlyCollection<string> All => [.. _warnings.Values];

    /// <summary>Notes what there is to say about something; <see langword="null"/> if it is all right.</summary>
    public void Set(string about, string? warning)
    {
        if (warning is null)
        {
            _warnings.TryRemove(about, out _);
        }
        else if (_warnings.TryAdd(about, warning))
        {
            logger.RedisWarning(warning);
        }
    }
}
