using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using Perfolizer.Horology;

namespace JwtRevocation.Benchmarks;

/// <summary>A process for each benchmark, and iterations short enough to end: the setup takes most of the time.</summary>
internal sealed class ShortConfig : ManualConfig
{
    public ShortConfig()
    {
        // The warm-up is long enough for the runtime to have compiled everything for good.
        AddJob(Job.Default.WithIterationTime(TimeInterval.FromMilliseconds(100)).WithWarmupCount(10).WithIterationCount(15));
        AddColumn(StatisticColumn.Median);
        HideColumns("Error", "StdDev", "RatioSD", "Gen0", "Gen1", "Gen2", "Alloc Ratio");
    }
}
