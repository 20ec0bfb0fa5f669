using System.Globalization;
using System.Runtime.CompilerServices;

namespace SignOut;

internal static class Clock
{
    /// <summary>The time, every second, for as long as somebody listens.</summary>
    public static async IAsyncEnumerable<string> TicksAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using PeriodicTimer timer = new(TimeSpan.FromSeconds(1));
        do
        {
            yield return TimeProvider.System.GetLocalNow().ToString("T", CultureInfo.InvariantCulture);
        }
        while (await timer.WaitForNextTickAsync(cancellationToken));
    }
}
