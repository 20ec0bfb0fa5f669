using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;

namespace JwtRevocation.EndToEnd;

/// <summary>An app in a process of its own, on a free port of the loopback interface, for as long as a test needs it.</summary>
internal sealed partial class RunningApp : IAsyncDisposable
{
    private static readonly TimeSpan StartDeadline = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly TemporaryFolder? _ownUserData;
    private readonly StringBuilder _output = new();
    private readonly TaskCompletionSource<Uri> _listening = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private RunningApp(Process process, TemporaryFolder? ownUserData)
    {
        _process = process;
        _ownUserData = ownUserData;
    }

    public HttpClient Client { get; private set; } = new();

    public Uri Address => Client.BaseAddress!;

    public static async Task<RunningApp> StartAsync(
        string fileName, IEnumerable<string> arguments, string workingFolder, TemporaryFolder? userData = null)
    {
        // The sample keeps its signing key in the user's data; the user of this machine is not to find it there.
        TemporaryFolder? ownUserData = userData is null ? new() : null;
        ProcessStartInfo start = new(fileName, [.. arguments, "--urls", "http://127.0.0.1:0"])
        {
            WorkingDirectory = workingFolder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["XDG_DATA_HOME"] = (userData ?? ownUserData)!.Path },
        };
        RunningApp app = new(new Process { StartInfo = start, EnableRaisingEvents = true }, ownUserData);
        try
        {
            app.Start();
            app.Client.BaseAddress = await app._listening.Task.WaitAsync(StartDeadline);
            return app;
        }
        catch (TimeoutException)
        {
            string output = app.Output();
            await app.DisposeAsync();
            throw new TimeoutException($"{fileName} does not listen after {StartDeadline}. It wrote:\n{output}");
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        try
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
        }
        catch (InvalidOperationException)
        {
            // It never started.
        }

        _process.Dispose();
        _ownUserData?.Dispose();
    }

    private void Start()
    {
        _process.OutputDataReceived += (_, line) => Read(line.Data);
        _process.ErrorDataReceived += (_, line) => Read(line.Data);
        _process.Exited += (_, _) => _listening.TrySetException(new InvalidOperationException($"The app ended. It wrote:\n{Output()}"));
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    private void Read(string? line)
    {
        if (line is null)
        {
            return;
        }

        lock (_output)
        {
            _output.AppendLine(line);
        }

        if (NowListening().Match(line) is { Success: true } match)
        {
            _listening.TrySetResult(new Uri(match.Groups[1].Value));
        }
    }

    private string Output()
    {
        lock (_output)
        {
            return _output.ToString();
        }
    }

    [GeneratedRegex(@"Now listening on: (http://127\.0\.0\.1:\d+)")]
    private static partial Regex NowListening();
}
