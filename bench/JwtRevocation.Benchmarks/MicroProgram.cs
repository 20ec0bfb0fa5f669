using System.Globalization;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using JwtRevocation.Benchmarks.Reporting;
using Microsoft.Extensions.Configuration;

namespace JwtRevocation.Benchmarks;

/// <summary>The parts: the check by number of entries, validation by algorithm, groups, and what entries weigh and cost.</summary>
internal static class MicroProgram
{
    public static async Task<int> RunAsync(string[] args)
    {
        (bool quick, IConfiguration settings) = ProgramSettings.Parse(args, "output");
        Report report = new("micro", "The check, the store and validation", string.Join(' ', ["micro", .. args]));
        CurveProgram.Run(report, quick ? [0, 10_000, 1_000_000] : [0, 10_000, 1_000_000, 10_000_000], batches: quick ? 60 : 200);
        Validate(report);
        bool isGood = GroupsProgram.Run(report) & FootprintProgram.Run(report, quick ? 200_000 : 1_000_000);
        await report.SaveAsync(settings.GetValue("output", "artifacts/benchmarks")!);
        return isGood ? 0 : 1;
    }

    private static void Validate(Report report)
    {
        Summary summary = BenchmarkRunner.Run<AlgorithmBenchmarks>();
        report.Write("**Validation by algorithm**, `JsonWebTokenHandler.ValidateTokenAsync` (BenchmarkDotNet), with a million tokens revoked. Median (range of the iterations).");
        report.Table(
            ["", "ratio", "without", "with", "bytes allocated: without", "with"],
            summary.Reports.GroupBy(static result => (string)result.BenchmarkCase.Parameters["Algorithm"]).Select(static algorithm =>
            {
                BenchmarkReport without = algorithm.First(static result => result.BenchmarkCase.Descriptor.Baseline);
                BenchmarkReport with = algorithm.First(static result => !result.BenchmarkCase.Descriptor.Baseline);
                return new[]
                {
                    algorithm.Key,
                    $"**{with.ResultStatistics!.Median / without.ResultStatistics!.Median:F3}**",
                    Time(without),
                    Time(with),
                    Allocated(without),
                    Allocated(with),
                };
            }));
    }

    private static string Time(BenchmarkReport result) =>
        string.Create(CultureInfo.InvariantCulture, $"{result.ResultStatistics!.Median / 1000:F2} µs ({result.ResultStatistics.Min / 1000:F2} to {result.ResultStatistics.Max / 1000:F2})");

    private static string Allocated(BenchmarkReport result) => $"{result.GcStats.GetBytesAllocatedPerOperation(result.BenchmarkCase):N0}";
}
