using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;

namespace JwtRevocation.Benchmarks;

/// <summary>A process for each benchmark; each iteration is one pass over all of its tokens, which is long enough.</summary>
internal sealed class ShortConfig : ManualConfig
{
    public ShortConfig()
    {
        AddJob(Job.Default.WithInvocationCount(1).WithUnrollFactor(1).WithWarmupCount(15).WithIterationCount(25));
        AddColumn(StatisticColumn.Median);
        HideColumns("Error", "StdDev", "RatioSD", "Gen0", "Gen1", "Gen2", "Alloc Ratio");
    }
}
