using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace JwtRevocation.Benchmarks.Api;

/// <summary>What a run of wrk measured. Latencies are in microseconds.</summary>
internal sealed partial record Wrk(long Requests, double RequestsPerSecond, double P50, double P99)
{
    private const int Connections = 32;

    /// <summary>A request for each of the tokens in turn, prepared before the first is sent.</summary>
    /// <param name="paths">One of these at random for each turn; that of the address if there are none.</param>
    public static string Script(params string[] paths) => $$"""
        local paths = { {{(paths.Length == 0 ? "false" : string.Join(", ", paths.Select(static path => $"\"{path}\"")))}} }
        local requests, sent, path, turn = {}, 0, 1, 1
        init = function(args)
          turn = tonumber(args[2])
          for token in io.lines(args[1]) do
            local ofToken = {}
            for i, path in ipairs(paths) do
              ofToken[i] = wrk.format("GET", path or nil, { ["Authorization"] = "Bearer " .. token })
            end
            requests[#requests + 1] = ofToken
          end
        end
        request = function()
          sent = sent % #requests + 1
          if #paths > 1 and sent % turn == 0 then path = math.random(#paths) end
          return requests[sent][path]
        end
        """;

    /// <param name="url">What to ask for.</param>
    /// <param name="script">The file with <see cref="Script"/>.</param>
    /// <param name="tokens">A file with a token in each line.</param>
    /// <param name="seconds">For how long.</param>
    /// <param name="turn">So many requests go by one path before the next one.</param>
    public static async Task<Wrk> RunAsync(string url, string script, string tokens, int seconds, int turn)
    {
        using Process wrk = Process.Start(new ProcessStartInfo(
            "wrk", ["-t1", $"-c{Connections}", $"-d{seconds}s", "--latency", "-s", script, url, tokens, turn.ToString(CultureInfo.InvariantCulture)])
        {
            RedirectStandardOutput = true,
        })!;
        string report = await wrk.StandardOutput.ReadToEndAsync();
        await wrk.WaitForExitAsync();
        return wrk.ExitCode == 0 && !report.Contains("Non-2xx", StringComparison.Ordinal) && !report.Contains("Socket errors", StringComparison.Ordinal)
            ? new((long)Number(Total().Match(report)), Number(Rate().Match(report)), Microseconds(Median().Match(report)), Microseconds(Slowest().Match(report)))
            : throw new InvalidOperationException($"Not every request was answered with success:{Environment.NewLine}{report}");
    }

    [GeneratedRegex(@"(?<number>\d+) requests in")]
    private static partial Regex Total();

    [GeneratedRegex(@"Requests/sec:\s+(?<number>[\d.]+)")]
    private static partial Regex Rate();

    [GeneratedRegex(@"50%\s+(?<number>[\d.]+)(?<unit>us|ms|s)")]
    private static partial Regex Median();

    [GeneratedRegex(@"99%\s+(?<number>[\d.]+)(?<unit>us|ms|s)")]
    private static partial Regex Slowest();

    private static double Number(Match match) => double.Parse(match.Groups["number"].ValueSpan, CultureInfo.InvariantCulture);

    private static double Microseconds(Match match) =>
        Number(match) * match.Groups["unit"].Value switch { "us" => 1, "ms" => 1e3, _ => 1e6 };
}
