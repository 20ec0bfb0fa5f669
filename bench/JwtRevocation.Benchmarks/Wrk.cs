using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace JwtRevocation.Benchmarks;

/// <summary>What a run of wrk measured. Latencies are in microseconds.</summary>
internal sealed partial record Wrk(double RequestsPerSecond, double P50, double P99)
{
    private const int Connections = 32;

    public static async Task<Wrk> RunAsync(string url, string token, int seconds)
    {
        using Process wrk = Process.Start(new ProcessStartInfo(
            "wrk", ["-t1", $"-c{Connections}", $"-d{seconds}s", "--latency", "-H", $"Authorization: Bearer {token}", url])
        {
            RedirectStandardOutput = true,
        })!;
        string report = await wrk.StandardOutput.ReadToEndAsync();
        await wrk.WaitForExitAsync();
        return wrk.ExitCode == 0 && !report.Contains("Non-2xx", StringComparison.Ordinal) && !report.Contains("Socket errors", StringComparison.Ordinal)
            ? new(Number(RequestRate().Match(report)), Microseconds(Median().Match(report)), Microseconds(Slowest().Match(report)))
            : throw new InvalidOperationException($"Not every request was answered with success:{Environment.NewLine}{report}");
    }

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{RequestsPerSecond:F0}/s p50 {P50:F0} µs p99 {P99:F0} µs");

    [GeneratedRegex(@"Requests/sec:\s+(?<number>[\d.]+)")]
    private static partial Regex RequestRate();

    [GeneratedRegex(@"50%\s+(?<number>[\d.]+)(?<unit>us|ms|s)")]
    private static partial Regex Median();

    [GeneratedRegex(@"99%\s+(?<number>[\d.]+)(?<unit>us|ms|s)")]
    private static partial Regex Slowest();

    private static double Number(Match match) => double.Parse(match.Groups["number"].ValueSpan, CultureInfo.InvariantCulture);

    private static double Microseconds(Match match) =>
        Number(match) * match.Groups["unit"].Value switch { "us" => 1, "ms" => 1e3, _ => 1e6 };
}
