using Microsoft.Extensions.Logging;

namespace JwtRevocation.Redis;

/// <summary>Every message that the package logs.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Warning, "{Warning}")]
    public static partial void RedisWarning(this ILogger logger, string warning);
}
