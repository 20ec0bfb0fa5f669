using System.Globalization;

namespace JwtRevocation.Redis.Tests;

/// <summary>
/// What a fault did, for the table in docs/faults.md: with FAULTS_OBSERVED in the environment, each test adds a line to that
/// file.
/// </summary>
internal static class Observed
{
    private static readonly Lock Writing = new();

    public static void Write(int fault, string what)
    {
        TestContext.Current.TestOutputHelper?.WriteLine($"Fault {fault}: {what}");
        if (Environment.GetEnvironmentVariable("FAULTS_OBSERVED") is { Length: > 0 } file)
        {
            lock (Writing)
            {
                File.AppendAllText(file, $"{fault:00}\t{what}\n");
            }
        }
    }

    /// <summary>A time, as the table has it.</summary>
    public static string In(this TimeSpan time) => time.TotalSeconds.ToString("0.00 s", CultureInfo.InvariantCulture);
}
