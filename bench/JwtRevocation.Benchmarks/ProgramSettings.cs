using Microsoft.Extensions.Configuration;

namespace JwtRevocation.Benchmarks;

/// <summary>What a program is told on its command line: <c>--name value</c>, and <c>--quick</c>.</summary>
internal static class ProgramSettings
{
    /// <summary>Reads it.</summary>
    /// <param name="args">What comes after the program's name.</param>
    /// <param name="names">What the program can be told.</param>
    /// <exception cref="UnknownSettingException">It was told something else, which must not cost an hour.</exception>
    public static (bool IsQuick, IConfiguration Settings) Parse(string[] args, params string[] names)
    {
        string[] pairs = [.. args.Where(static arg => arg != "--quick")];
        foreach (string arg in pairs.Where(static arg => arg.StartsWith('-')))
        {
            string name = arg.TrimStart('-').Split('=')[0];
            if (!names.Contains(name))
            {
                throw new UnknownSettingException(arg, names);
            }
        }

        return (pairs.Length < args.Length, new ConfigurationBuilder().AddCommandLine(pairs).Build());
    }
}

/// <summary>A program was told something that it does not know.</summary>
internal sealed class UnknownSettingException(string given, IEnumerable<string> known)
    : Exception($"'{given}' is none of --quick, {string.Join(", ", known.Select(static name => $"--{name} <value>"))}. See bench/README.md.");
