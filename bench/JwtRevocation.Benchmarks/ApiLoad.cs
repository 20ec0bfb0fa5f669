using System.Diagnostics;
using System.Globalization;
using JwtRevocation.Benchmarks.Fleet;
using Microsoft.Extensions.Configuration;
using StackExchange.Redis;

namespace JwtRevocation.Benchmarks;

/// <summary>
/// A whole API under load, with and without the library, in turns: in memory, or on Redis, which is stopped (SIGSTOP) for one
/// of them. A second one without it shows how far apart two of the same are on this machine.
/// </summary>
internal static class ApiLoad
{
    // So long does it take until the compiler is done, and longer where there is more to compile.
    private const int WarmUpSeconds = 12;

    public static async Task<int> RunAsync(string[] args)
    {
        IConfiguration settings = new ConfigurationBuilder().AddCommandLine(args).Build();
        int rounds = settings.GetValue("rounds", 8);
        int seconds = settings.GetValue("seconds", 5);

        bool withRedis = settings.GetValue("redis", false);
        await using RedisProcess? redis = withRedis ? await RedisProcess.StartAsync() : null;
        if (redis is not null)
        {
            await using ConnectionMultiplexer connection = await redis.ConnectAsync();
            await ColdStartProgram.FillAsync(connection.GetDatabase(), 100_000);
        }

        // Twice without, to see how far apart two of the same are.
        ApiMode[] modes = withRedis ? [ApiMode.Without, ApiMode.Redis, ApiMode.RedisStopped, ApiMode.Without] : [ApiMode.Without, ApiMode.With, ApiMode.Without];
        List<Wrk>[] runs = [.. modes.Select(_ => new List<Wrk>())];
        for (int round = 0; round < rounds; round++)
        {
            // None is always the first of a round.
            foreach (int turn in Enumerable.Range(round, modes.Length).Select(turn => turn % modes.Length))
            {
                runs[turn].Add(await MeasureAsync(modes[turn], redis, seconds));
            }

            Console.WriteLine($"{round + 1,3}. {string.Join("   ", modes.Select((mode, turn) => $"{mode}: {runs[turn][^1]}"))}");
        }

        Console.WriteLine();
        Console.WriteLine("Median of the ratios to the first, and their range");
        for (int turn = 1; turn < modes.Length; turn++)
        {
            Print(modes[turn].ToString(), runs[turn], runs[0]);
        }

        return 0;
    }

    // A process for each turn: it keeps its luck with compilation and memory layout for life.
    private static async Task<Wrk> MeasureAsync(ApiMode mode, RedisProcess? redis, int seconds)
    {
        string token = SampleTokens.Hs256().Encode(0);
        string[] arguments = mode is ApiMode.Redis or ApiMode.RedisStopped ? ["serve", mode.ToString(), redis!.Configuration] : ["serve", mode.ToString()];
        using Process api = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            // What the Web SDK sets for an API.
            Environment = { ["DOTNET_gcServer"] = "1" },
        })!;
        try
        {
            string url = await api.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("The API did not start.");
            await Wrk.RunAsync($"{url}/me", token, WarmUpSeconds);
            if (mode == ApiMode.RedisStopped)
            {
                redis!.Stop();
            }

            return await Wrk.RunAsync($"{url}/me", token, seconds);
        }
        finally
        {
            if (mode == ApiMode.RedisStopped)
            {
                redis!.Continue();
            }

            api.Kill();
            await api.WaitForExitAsync();
        }
    }

    private static void Print(string what, List<Wrk> runs, List<Wrk> others)
    {
        Console.WriteLine(
            $"{what,-14} requests/s {Ratios(run => run.RequestsPerSecond)}   p50 {Ratios(run => run.P50)}   p99 {Ratios(run => run.P99)}");

        string Ratios(Func<Wrk, double> measure)
        {
            double[] ratios = [.. runs.Zip(others, (run, other) => measure(run) / measure(other))];
            return string.Create(
                CultureInfo.InvariantCulture, $"{Statistics.Median(ratios):F3} ({ratios.Min():F3} to {ratios.Max():F3})");
        }
    }
}
