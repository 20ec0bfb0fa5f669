using System.Text.RegularExpressions;

namespace JwtRevocation.Tests.Readme;

public sealed partial class ReadmeTests
{
    [Fact]
    public void Every_snippet_of_the_README_is_compiled()
    {
        string compiled = WithoutWhiteSpace(Read("ReadmeSnippets.cs"));
        string[] snippets = [.. CSharpBlock().Matches(Read("README.md")).Select(match => match.Groups[1].Value)];

        snippets.Should().NotBeEmpty();
        foreach (string paragraph in snippets.SelectMany(snippet => snippet.Split("\n\n")))
        {
            compiled.Should().Contain(WithoutWhiteSpace(paragraph));
        }
    }

    [Fact]
    public void The_README_shows_code_before_line_15()
    {
        string[] lines = Read("README.md").Split('\n');

        Array.FindIndex(lines, line => line.Contains("AddJwtRevocation")).Should().BeInRange(0, 14);
    }

    private static string Read(string resource)
    {
        using StreamReader reader = new(typeof(ReadmeTests).Assembly.GetManifestResourceStream(resource)!);
        return reader.ReadToEnd().ReplaceLineEndings("\n");
    }

    private static string WithoutWhiteSpace(string text) => WhiteSpace().Replace(text, "");

    [GeneratedRegex("```csharp\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex CSharpBlock();

    [GeneratedRegex("\\s+")]
    private static partial Regex WhiteSpace();
}
