using Microsoft.Extensions.Configuration;

namespace JwtRevocation.Benchmarks.Api;

/// <param name="Baseline">What the others are compared with.</param>
/// <param name="Modes">What is compared with it.</param>
/// <param name="Instances">Processes of each: one keeps its luck with compilation and memory layout for life.</param>
/// <param name="Rounds">How often each process is driven with each algorithm.</param>
/// <param name="Seconds">For how long, each time.</param>
/// <param name="WarmUp">For how many seconds it is warmed up at most, should the compiler not be done before.</param>
/// <param name="Rs256">Whether with RS256, too.</param>
/// <param name="Output">The directory for the report.</param>
internal sealed record ApiSettings(ApiMode Baseline, ApiMode[] Modes, int Instances, int Rounds, int Seconds, int WarmUp, bool Rs256, string Output)
{
    public static ApiSettings Parse(string[] args)
    {
        (bool quick, IConfiguration settings) =
            ProgramSettings.Parse(args, "baseline", "modes", "instances", "rounds", "seconds", "warm-up", "rs256", "output");
        return new(
            settings.GetValue("baseline", ApiMode.Without),
            settings["modes"] is { } modes ? Array.ConvertAll(modes.Split(','), Enum.Parse<ApiMode>) : Enum.GetValues<ApiMode>()[1..],
            settings.GetValue("instances", quick ? 1 : 8),
            settings.GetValue("rounds", quick ? 1 : 5),
            settings.GetValue("seconds", 1),
            settings.GetValue("warm-up", quick ? 2 : 20),
            settings.GetValue("rs256", !quick),
            settings.GetValue("output", "artifacts/benchmarks")!);
    }
}
