using System.Diagnostics;

namespace JwtRevocation.EndToEnd;

/// <summary>The <c>dotnet</c> command, as somebody else would call it.</summary>
internal static class Dotnet
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(4);

    /// <exception cref="InvalidOperationException">The command failed; the message holds all that it wrote.</exception>
    public static async Task<string> RunAsync(string workingFolder, string packageFolder, params string[] arguments)
    {
        ProcessStartInfo start = new("dotnet", arguments)
        {
            WorkingDirectory = workingFolder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        ForgetTheCaller(start);
        start.Environment["NUGET_PACKAGES"] = packageFolder;

        using Process process = Process.Start(start)!;
        using CancellationTokenSource late = new(Deadline);
        try
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync(late.Token);
            Task<string> errors = process.StandardError.ReadToEndAsync(late.Token);
            await process.WaitForExitAsync(late.Token);
            string all = await output + await errors;
            return process.ExitCode == 0
                ? all
                : throw new InvalidOperationException($"`dotnet {string.Join(' ', arguments)}` ended with {process.ExitCode}:\n{all}");
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"`dotnet {string.Join(' ', arguments)}` did not end within {Deadline}.");
        }
    }

    // `dotnet test` sets these for its own MSBuild, which reads every one of them as a property.
    private static void ForgetTheCaller(ProcessStartInfo start)
    {
        foreach (string name in start.Environment.Keys.Where(IsForMSBuild).ToList())
        {
            start.Environment.Remove(name);
        }
    }

    private static bool IsForMSBuild(string name) =>
        name.StartsWith("MSBuild", StringComparison.OrdinalIgnoreCase) || name.StartsWith("VSTest", StringComparison.OrdinalIgnoreCase);
}
