using JwtRevocation.Benchmarks.Reporting;

namespace JwtRevocation.Benchmarks.Api;

/// <summary>The tables of <see cref="ApiProgram"/>: ratios to the API without revocation.</summary>
internal static class ApiReport
{
    public static void Write(Report report, ApiSettings settings, List<ApiPair> pairs, List<(ApiMode Mode, double Bytes)> growth)
    {
        report.Write(
            $"Ratios to {Subject(settings.Baseline)}: the median over {settings.Rounds} rounds with {settings.Instances} process(es) of each, "
            + $"driven for {settings.Seconds} s at a time in random order; in brackets its 95 % confidence interval, and for "
            + "requests the range of the rounds as well. The first row is another process of the same: as far as it is from 1, it is noise.");
        foreach (IGrouping<string, ApiPair> algorithm in pairs.GroupBy(static pair => pair.Algorithm))
        {
            report.Write($"**{algorithm.Key}.** The baseline: {Baseline([.. algorithm])}.");
            report.Table(
                ["", "requests/s", "p50", "p99", "processor time", "bytes allocated"],
                settings.Modes.Select(mode => Row(mode, [.. algorithm.Where(pair => pair.Mode == mode)], settings.Instances)));
        }

        report.Write("Bytes that a process holds more after the run than before, divided by the requests that it has served: "
            + string.Join("; ", growth.GroupBy(static api => api.Mode).Select(static mode => $"{Name(mode.Key)} {Statistics.Describe([.. mode.Select(static api => api.Bytes)])}")) + ".");
    }

    private static string[] Row(ApiMode mode, List<ApiPair> pairs, int instances)
    {
        double[] rounds = [.. pairs.GroupBy(static pair => pair.Round).Select(static round => Statistics.Median([.. round.Select(static pair => pair.Ratio(RequestsPerSecond))]))];
        double allocated = Statistics.Median([.. pairs.Select(static pair => pair.Slice.Allocated - pair.Baseline.Allocated)]);
        return
        [
            Name(mode),
            $"**{Text(Median(pairs, RequestsPerSecond))}** ({Interval(pairs, RequestsPerSecond, instances)}; rounds {Text(rounds.Min())} to {Text(rounds.Max())})",
            $"{Text(Median(pairs, P50))} ({Interval(pairs, P50, instances)})",
            $"{Text(Median(pairs, P99))} ({Interval(pairs, P99, instances)})",
            $"{Text(Median(pairs, Processor))} ({Interval(pairs, Processor, instances)})",
            $"{(allocated < 0 ? "−" : "+")}{Statistics.Text(Math.Abs(allocated), 0)}",
        ];
    }

    private static string Baseline(List<ApiPair> pairs)
    {
        return $"{Of(RequestsPerSecond, 0)} requests/s, p50 {Of(P50, 0)} µs, p99 {Of(P99, 0)} µs, {Of(Processor, 1)} µs of processor time and {Of(Allocated, 0)} bytes allocated by a request (medians)";

        string Of(Func<ApiSlice, double> measure, int decimals) => Statistics.Text(Statistics.Median([.. pairs.Select(pair => measure(pair.Baseline))]), decimals);
    }

    private static string Subject(ApiMode mode) => mode == ApiMode.Without ? "the same API without revocation" : $"the API \"{Name(mode)}\"";

    public static string Name(ApiMode mode) => mode switch
    {
        ApiMode.Without => "without",
        ApiMode.WithoutAgain => "without, another process",
        ApiMode.WithoutOnRedis => "without, with a connection to Redis that it does not use",
        ApiMode.InMemory => "**JwtRevocation in memory**, 100,000 tokens",
        ApiMode.Million => "**JwtRevocation in memory**, a million tokens",
        ApiMode.AllKinds => "**JwtRevocation in memory**, 10,000 of each kind",
        ApiMode.Connections => "**JwtRevocation in memory**, 1,000 open connections that end on revocation",
        ApiMode.UnwatchedConnections => "**JwtRevocation in memory**, 1,000 open connections that do not",
        ApiMode.Redis => "**JwtRevocation on Redis**, 100,000 tokens",
        ApiMode.RedisStopped => "**JwtRevocation on Redis**, stopped by SIGSTOP",
        ApiMode.SignatureDictionary => "dictionary of signature texts in a LifetimeValidator, 100,000 tokens",
        ApiMode.CacheMiddleware => "middleware that asks IDistributedCache, on Redis",
        ApiMode.OpenIddict => "OpenIddict's validation, which asks nobody",
        ApiMode.OpenIddictEntries => "OpenIddict's validation with EnableTokenEntryValidation, on SQLite",
        _ => throw new ArgumentOutOfRangeException(nameof(mode)),
    };

    private static double RequestsPerSecond(ApiSlice slice) => slice.Run.RequestsPerSecond;

    private static double P50(ApiSlice slice) => slice.Run.P50;

    private static double P99(ApiSlice slice) => slice.Run.P99;

    private static double Processor(ApiSlice slice) => slice.Processor.TotalMicroseconds;

    private static double Allocated(ApiSlice slice) => slice.Allocated;

    private static double Median(List<ApiPair> pairs, Func<ApiSlice, double> measure) => Statistics.Median([.. pairs.Select(pair => pair.Ratio(measure))]);

    private static string Interval(List<ApiPair> pairs, Func<ApiSlice, double> measure, int instances)
    {
        (double from, double to) = Statistics.Confidence(
            [.. Enumerable.Range(0, instances).Select(instance => pairs.Where(pair => pair.Instance == instance).Select(pair => pair.Ratio(measure)).ToArray())]);
        return $"{Text(from)} to {Text(to)}";
    }

    private static string Text(double ratio) => Statistics.Text(ratio, ratio < 10 ? 3 : 1);
}
