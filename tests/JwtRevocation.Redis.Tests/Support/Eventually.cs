using System.Diagnostics;
using Xunit.Sdk;

namespace JwtRevocation.Redis.Tests;

/// <summary>Waits for what must come, and says how long it took.</summary>
internal static class Eventually
{
    public static Task<TimeSpan> Async(Func<bool> condition, string what, TimeSpan? within = null) =>
        Async(() => Task.FromResult(condition()), what, within);

    /// <param name="condition">What must come to hold.</param>
    /// <param name="what">It in words.</param>
    /// <param name="within">The time after which the test fails; far more than it takes, by default.</param>
    public static async Task<TimeSpan> Async(Func<Task<bool>> condition, string what, TimeSpan? within = null)
    {
        TimeSpan limit = within ?? TimeSpan.FromSeconds(30);
        long started = Stopwatch.GetTimestamp();
        while (!await condition())
        {
            if (Stopwatch.GetElapsedTime(started) > limit)
            {
                throw new XunitException($"Not within {limit}: {what}.");
            }

            await Task.Delay(10, TestContext.Current.CancellationToken);
        }

        return Stopwatch.GetElapsedTime(started);
    }

    /// <summary>Holds what must not come to happen against every moment of a while.</summary>
    public static async Task NeverAsync(Func<Task<bool>> condition, string what, TimeSpan during)
    {
        long started = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(started) < during)
        {
            if (await condition())
            {
                throw new XunitException($"After {Stopwatch.GetElapsedTime(started)}: {what}.");
            }

            await Task.Delay(10, TestContext.Current.CancellationToken);
        }
    }
}
