using System.Globalization;
using System.Runtime;
using JwtRevocation.Benchmarks.Fleet;

namespace JwtRevocation.Benchmarks.Reporting;

/// <summary>What a process that was started from here says of itself when it is asked on standard input, with which it ends: its parent may be killed.</summary>
/// <param name="Processor">The processor time that it has used.</param>
/// <param name="Allocated">The bytes that it has allocated.</param>
/// <param name="Compiled">The methods that it has compiled, one that was compiled anew counted again.</param>
/// <param name="Held">The bytes that it holds, after a collection; 0 if that was not asked for.</param>
internal readonly record struct ProcessGauge(TimeSpan Processor, long Allocated, long Compiled, long Held)
{
    public const string Read = "read";
    public const string Collect = "collect";

    public static async Task AnswerAsync()
    {
        while (await Parent.ReadLineAsync() is { } what)
        {
            long held = what == Collect ? GC.GetTotalMemory(forceFullCollection: true) : 0;
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"{Environment.CpuUsage.TotalTime.Ticks} {GC.GetTotalAllocatedBytes()} {JitInfo.GetCompiledMethodCount()} {held}"));
        }
    }

    public static ProcessGauge Parse(string line)
    {
        long[] numbers = Array.ConvertAll(line.Split(' '), static number => long.Parse(number, CultureInfo.InvariantCulture));
        return new(TimeSpan.FromTicks(numbers[0]), numbers[1], numbers[2], numbers[3]);
    }
}
