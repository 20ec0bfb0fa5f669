using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace JwtRevocation.Benchmarks;

/// <summary>
/// A whole API under load, with and without the library, in turns. A second one without it shows how far apart two of
/// the same are on this machine.
/// </summary>
internal static class ApiLoad
{
    public static async Task<int> RunAsync(string[] args)
    {
        IConfiguration settings = new ConfigurationBuilder().AddCommandLine(args).Build();
        int rounds = settings.GetValue("rounds", 8);
        int seconds = settings.GetValue("seconds", 5);

        List<Wrk> without = [], with = [], again = [];
        (ApiMode Mode, List<Wrk> Runs)[] turns = [(ApiMode.Without, without), (ApiMode.With, with), (ApiMode.Without, again)];
        for (int round = 1; round <= rounds; round++)
        {
            foreach ((ApiMode mode, List<Wrk> runs) in turns)
            {
                runs.Add(await MeasureAsync(mode, seconds));
            }

            Console.WriteLine($"{round,3}. without: {without[^1]}   with: {with[^1]}   without again: {again[^1]}");
            // None is always the first of a round.
            turns = [turns[^1], .. turns[..^1]];
        }

        Console.WriteLine();
        Console.WriteLine("Median of the ratios, and their range");
        Print("with / without", with, without);
        Print("without again / without", again, without);
        return 0;
    }

    // A process for each turn: it keeps its luck with compilation and memory layout for life.
    private static async Task<Wrk> MeasureAsync(ApiMode mode, int seconds)
    {
        string token = SampleTokens.Hs256().Encode(0);
        using Process api = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, ["serve", mode.ToString()])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            // What the Web SDK sets for an API.
            Environment = { ["DOTNET_gcServer"] = "1" },
        })!;
        try
        {
            string url = await api.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("The API did not start.");
            await Wrk.RunAsync($"{url}/me", token, seconds);
            return await Wrk.RunAsync($"{url}/me", token, seconds);
        }
        finally
        {
            api.Kill();
            await api.WaitForExitAsync();
        }
    }

    private static void Print(string what, List<Wrk> runs, List<Wrk> others)
    {
        Console.WriteLine(
            $"{what,-24} requests/s {Ratios(run => run.RequestsPerSecond)}   p50 {Ratios(run => run.P50)}   p99 {Ratios(run => run.P99)}");

        string Ratios(Func<Wrk, double> measure)
        {
            double[] ratios = [.. runs.Zip(others, (run, other) => measure(run) / measure(other))];
            return string.Create(
                CultureInfo.InvariantCulture, $"{Statistics.Median(ratios):F3} ({ratios.Min():F3} to {ratios.Max():F3})");
        }
    }
}
