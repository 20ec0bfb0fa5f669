using System.Globalization;
using System.Runtime.InteropServices;

namespace JwtRevocation.Benchmarks.Reporting;

/// <summary>Where and when something was measured, and how busy the machine was.</summary>
internal sealed class Machine
{
    private readonly string _load = Load();

    public string Description { get; } = string.Create(
        CultureInfo.InvariantCulture,
        $"on {Environment.ProcessorCount} cores of {Processor()}, {GC.GetGCMemoryInfo().TotalAvailableMemoryBytes >> 30} GB, {RuntimeInformation.OSDescription}, {RuntimeInformation.FrameworkDescription}, {TimeProvider.System.GetUtcNow():yyyy-MM-dd}");

    public static Machine Now() => new();

    /// <summary>A load of more than the benchmark's own is somebody else's work: then trust ratios only, and those less.</summary>
    public string LoadSince() => $"Load average of the machine before: {_load}; after: {Load()}.";

    private static string Processor() => Line("/proc/cpuinfo", "model name") is { } line ? line.Split(':')[1].Trim() : RuntimeInformation.ProcessArchitecture.ToString();

    private static string Load() => File.Exists("/proc/loadavg") ? string.Join(", ", File.ReadAllText("/proc/loadavg").Split(' ').Take(3)) : "unknown";

    private static string? Line(string file, string start) =>
        File.Exists(file) ? File.ReadLines(file).FirstOrDefault(line => line.StartsWith(start, StringComparison.Ordinal)) : null;
}
