using System.Text;

namespace JwtRevocation.Benchmarks.Reporting;

/// <summary>What a program found, as Markdown: on the console as it comes, and in a file at the end.</summary>
internal sealed class Report
{
    private readonly string _name;
    private readonly StringBuilder _text = new();
    private readonly Machine _machine = Machine.Now();

    /// <param name="name">The name of the file, without its extension.</param>
    /// <param name="title">The heading.</param>
    /// <param name="command">What was run.</param>
    public Report(string name, string title, string command)
    {
        _name = name;
        Write($"## {title}");
        Write($"`dotnet run -c Release --project bench/JwtRevocation.Benchmarks -- {command}`, {_machine.Description}.");
    }

    public void Write(string paragraph)
    {
        Console.WriteLine(paragraph);
        Console.WriteLine();
        _text.Append(paragraph).Append("\n\n");
    }

    public void Table(string[] header, IEnumerable<string[]> rows) =>
        Write(string.Join('\n', [Row(header), Row(Array.ConvertAll(header, static _ => "---")), .. rows.Select(Row)]));

    /// <returns>The exit code of a program that has nothing to fail for.</returns>
    public async Task<int> SaveAsync(string directory)
    {
        Write(_machine.LoadSince());
        Directory.CreateDirectory(directory);
        string path = Path.Combine(directory, $"{_name}.md");
        await File.WriteAllTextAsync(path, _text.ToString().TrimEnd() + "\n");
        Console.WriteLine($"Written to {path}");
        return 0;
    }

    private static string Row(string[] cells) =>
        $"| {string.Join(" | ", cells.Select(static cell => cell.Replace("|", "\\|", StringComparison.Ordinal)))} |";
}
