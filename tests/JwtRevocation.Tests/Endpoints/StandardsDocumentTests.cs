using System.Reflection;
using System.Text.RegularExpressions;

namespace JwtRevocation.Tests.Endpoints;

/// <summary>What docs/standards says is tested, is.</summary>
public sealed partial class StandardsDocumentTests
{
    public static TheoryData<string> Documents { get; } =
        [.. Assembly.GetExecutingAssembly().GetManifestResourceNames().Where(name => name.StartsWith("standards/", StringComparison.Ordinal))];

    [Theory]
    [MemberData(nameof(Documents))]
    public void Every_test_that_a_standards_document_names_exists(string document)
    {
        using StreamReader reader = new(Assembly.GetExecutingAssembly().GetManifestResourceStream(document)!);
        string[] named = [.. TestName().Matches(reader.ReadToEnd()).Select(match => match.Groups[1].Value)];
        HashSet<string> tests = [.. Assembly.GetExecutingAssembly().GetTypes().SelectMany(TestsOf)];

        named.Should().NotBeEmpty();
        named.Should().OnlyContain(name => tests.Contains(name));
    }

    // By the name of the method, or with that of its class before it.
    private static IEnumerable<string> TestsOf(Type type) => type.GetMethods()
        .Where(method => method.GetCustomAttributes().Any(attribute => attribute is Xunit.v3.IFactAttribute))
        .SelectMany(method => new[] { method.Name, $"{type.Name}.{method.Name}" });

    // As code, with the capital letter and the underscores that no parameter of a standard has.
    [GeneratedRegex("`((?:[A-Z][A-Za-z0-9]*\\.)?[A-Z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)+)`")]
    private static partial Regex TestName();
}
