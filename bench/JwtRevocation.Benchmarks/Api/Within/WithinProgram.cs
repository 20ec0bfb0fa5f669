using System.Globalization;
using System.Net;
using JwtRevocation.Benchmarks.Fleet;
using JwtRevocation.Benchmarks.Reporting;
using Microsoft.Extensions.Configuration;
using Microsoft.IdentityModel.Tokens;

namespace JwtRevocation.Benchmarks.Api.Within;

/// <summary>
/// What the library adds to a request, within one process, and what is published: the requests go, in turns, by the scheme that it
/// covers and by three that it does not. They share the machine's moods, the compiler's and the collector's to the microsecond, so that far smaller
/// differences show than between processes.
/// </summary>
internal static class WithinProgram
{
    // The last two wait for somebody with each request.
    private static readonly ApiMode[] Modes = [ApiMode.InMemory, ApiMode.Redis, ApiMode.CacheMiddleware, ApiMode.OpenIddictEntries];

    public static async Task<int> RunAsync(string[] args)
    {
        // What the Web SDK sets for an API; the processes that are started from here have it.
        Environment.SetEnvironmentVariable("DOTNET_gcServer", "1");
        (bool quick, IConfiguration settings) = ProgramSettings.Parse(args, "instances", "rounds", "seconds", "output");
        int instances = settings.GetValue("instances", quick ? 1 : 3);
        int rounds = settings.GetValue("rounds", quick ? 2 : 5);
        int seconds = settings.GetValue("seconds", quick ? 4 : 20);

        Report report = new("within", "What it adds to a request, within one process", string.Join(' ', ["within", .. args]));
        report.Write(
            $"Mean time of a request from before its authentication until its endpoint has run, in µs, without the slowest hundredth; and requests/s, each turn held against the next. {WithinTurns.Turn} requests after each other go by one of four schemes at random. "
            + $"Median over {rounds} rounds of {seconds} s with each of {instances} process(es) (range); of what is published, with one. What follows for requests/s if only the server had the processors is from its processor time of a request; nothing does of what waits.");
        ApiKeys keys = ApiKeys.Create();
        await using ApiBackends backends = await ApiBackends.StartAsync(Modes);
        List<string[]> rows = [];
        foreach (SigningCredentials credentials in quick ? [keys.Hs256] : new[] { keys.Hs256, keys.Rs256 })
        {
            ApiLoad load = await ApiLoad.CreateAsync(credentials, backends.Folder, WithinServer.Paths);
            foreach (ApiMode mode in Modes)
            {
                List<Round> measured = [];
                for (int instance = 0; instance < (Waits(mode) ? 1 : instances); instance++)
                {
                    measured.AddRange(await MeasureAsync(mode, backends.Of(mode), keys, load, rounds, seconds));
                }

                rows.Add(Row(mode, load.Algorithm, measured));
            }
        }

        report.Table(
            ["", "requests/s: ratio", "of another that is not covered", "not covered", "another that is not: more", "covered: more", "processor time of a request", "from these, requests/s"],
            rows);
        return await report.SaveAsync(settings.GetValue("output", "artifacts/benchmarks")!);
    }

    private static async Task<List<Round>> MeasureAsync(ApiMode mode, string shared, ApiKeys keys, ApiLoad load, int rounds, int seconds)
    {
        using Child child = new("serve-within", mode.ToString(), shared);
        child.WriteLine(keys.ToString());
        string url = await child.ReadLineAsync();
        await VerifyAsync(url, keys);

        // Longer than a method that a node on Redis runs once a second takes to be compiled anew. Not in turns: while the compiler
        // watches a method, for a few dozen calls, it must see all of the schemes.
        await load.RunAsync(url, Math.Max(15, seconds));
        List<Round> measured = [];
        for (int round = 0; round < rounds; round++)
        {
            await AskAsync(WithinServer.Restart);
            await load.RunAsync(url, seconds, WithinTurns.Turn);
            measured.Add(Round.Parse(await AskAsync(WithinServer.Report)));
        }

        return measured;

        async Task<string> AskAsync(string what)
        {
            child.WriteLine(what);
            return await child.ReadLineAsync();
        }
    }

    private static async Task VerifyAsync(string url, ApiKeys keys)
    {
        using ApiClient client = new(keys);
        await client.WaitUntilReadyAsync(url + WithinServer.Paths[^1]);
        foreach (string path in WithinServer.Paths)
        {
            HttpStatusCode ofRevoked = path == WithinServer.Paths[^1] ? HttpStatusCode.Unauthorized : HttpStatusCode.OK;
            if (await client.StatusAsync(url + path, 0) != HttpStatusCode.OK || await client.StatusAsync(url + path, ApiTokens.Revoked) != ofRevoked)
            {
                throw new InvalidOperationException($"The API does not do at {path} what it is measured for.");
            }
        }
    }

    private static bool Waits(ApiMode mode) => mode is ApiMode.CacheMiddleware or ApiMode.OpenIddictEntries;

    private static string[] Row(ApiMode mode, string algorithm, List<Round> rounds)
    {
        return
        [
            $"{ApiReport.Name(mode)}, {algorithm}",
            $"**{Describe(static round => round.Ratio, 4)}**",
            Describe(static round => round.RatioAgain, 4),
            .. Waits(mode) ? Enumerable.Repeat("", 5) :
            [
                Describe(static round => round.Others, 2),
                Describe(static round => round.Again - ((round.Plain + round.Further) / 2), 2),
                Describe(static round => round.More, 2),
                Describe(static round => round.Processor, 1),
                Describe(static round => round.FromProcessorTime, 4),
            ],
        ];

        string Describe(Func<Round, double> measure, int decimals) => Statistics.Describe([.. rounds.Select(measure)], decimals);
    }

    /// <param name="Plain">Mean time by a scheme that is not covered.</param>
    /// <param name="Again">By another such scheme.</param>
    /// <param name="Further">And by the third of them.</param>
    /// <param name="Covered">By one that is.</param>
    /// <param name="Processor">Processor time of a request, of all of them.</param>
    /// <param name="RatioAgain">Requests in a second by another such scheme, divided by those by the two others.</param>
    /// <param name="Ratio">By the one that is, divided by those by all three.</param>
    private sealed record Round(double Plain, double Again, double Further, double Covered, double Processor, double RatioAgain, double Ratio)
    {
        public double Others => (Plain + Again + Further) / 3;

        public double More => Covered - Others;

        // A fourth of the requests were covered.
        public double FromProcessorTime => (Processor - (More / 4)) / (Processor + (More * 3 / 4));

        public static Round Parse(string line)
        {
            double[] numbers = Array.ConvertAll(line.Split(' '), static number => double.Parse(number, CultureInfo.InvariantCulture));
            return new(numbers[0], numbers[1], numbers[2], numbers[3], numbers[4], numbers[5], numbers[6]);
        }
    }
}
