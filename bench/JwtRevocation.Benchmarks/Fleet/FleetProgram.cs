using Microsoft.Extensions.Configuration;

namespace JwtRevocation.Benchmarks.Fleet;

/// <summary>Many nodes and a Redis of their own, which must be installed.</summary>
internal static class FleetProgram
{
    public static Task<int> RunAsync(string what, string[] args)
    {
        IConfiguration settings = new ConfigurationBuilder().AddCommandLine(args).Build();
        return what switch
        {
            "propagation" => PropagationProgram.RunAsync(settings.GetValue("rate", 500), settings.GetValue("seconds", 30)),
            "coldstart" => ColdStartProgram.RunAsync(settings.GetValue("entries", 1_000_000)),
            "herd" => HerdProgram.RunAsync(settings.GetValue("entries", 100_000)),
            "soak" => SoakProgram.RunAsync(settings.GetValue("seconds", 600), settings.GetValue("seed", Random.Shared.Next())),
            "connections" => ConnectionsProgram.RunAsync(settings.GetValue("each", 1_000), settings.GetValue("subjects", 100)),
            _ => throw new ArgumentException($"There is no program 'fleet {what}', but propagation, coldstart, herd, soak and connections."),
        };
    }
}
