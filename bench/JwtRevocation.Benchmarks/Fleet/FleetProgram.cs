using JwtRevocation.Benchmarks.Reporting;
using Microsoft.Extensions.Configuration;

namespace JwtRevocation.Benchmarks.Fleet;

/// <summary>Many nodes and a Redis of their own, which must be installed.</summary>
internal static class FleetProgram
{
    public static async Task<int> RunAsync(string[] args)
    {
        string what = args is [string first, ..] && !first.StartsWith('-') ? first : "all";
        (bool quick, IConfiguration settings) = ProgramSettings.Parse(
            what == "all" ? args : args[1..],
            "rate", "seconds", "revocations", "entries", "rounds", "lost", "each", "subjects", "seed", "output");
        if (what == "soak")
        {
            return await SoakProgram.RunAsync(settings.GetValue("seconds", quick ? 60 : 600), settings.GetValue("seed", Random.Shared.Next()));
        }

        if (what == "connections")
        {
            return await ConnectionsProgram.RunAsync(settings.GetValue("each", quick ? 200 : 1_000), settings.GetValue("subjects", quick ? 20 : 100));
        }

        Report report = new(what == "all" ? "fleet" : $"fleet-{what}", "A fleet", string.Join(' ', ["fleet", .. args]));
        bool isGood = what switch
        {
            "propagation" => await PropagateAsync(),
            "traffic" => await MeasureTrafficAsync() is not null,
            "coldstart" => (await StartColdAsync()).IsWithinTargets,
            "herd" => await RunHerdAsync(),
            "all" => await RunAllAsync(),
            _ => throw new ArgumentException($"There is no program 'fleet {what}', but propagation, traffic, coldstart, herd, connections and soak; all but the last two without a name."),
        };
        await report.SaveAsync(settings.GetValue("output", "artifacts/benchmarks")!);
        return isGood ? 0 : 1;

        async Task<bool> RunAllAsync()
        {
            bool propagates = await PropagateAsync();
            Traffic[] traffic = await MeasureTrafficAsync();
            ColdStart start = await StartColdAsync();
            bool returns = await RunHerdAsync();
            FleetOnPaper.Write(report, traffic, start);
            return propagates && start.IsWithinTargets && returns;
        }

        Task<bool> PropagateAsync() => PropagationProgram.RunAsync(report, settings.GetValue("rate", 500), settings.GetValue("seconds", quick ? 8 : 30));

        Task<Traffic[]> MeasureTrafficAsync() =>
            TrafficProgram.RunAsync(report, quick ? [2, 10] : [2, 10, 50], settings.GetValue("revocations", 100), settings.GetValue("seconds", quick ? 5 : 20));

        Task<ColdStart> StartColdAsync() =>
            ColdStartProgram.RunAsync(report, settings.GetValue("entries", quick ? 300_000 : 1_000_000), settings.GetValue("rounds", quick ? 2 : 5));

        Task<bool> RunHerdAsync() => HerdProgram.RunAsync(report, settings.GetValue("lost", quick ? 20_000 : 100_000));
    }
}
