using System.Reflection.Metadata;
using System.Text;
using System.Text.Json;
using System.Xml.Linq;

namespace JwtRevocation.EndToEnd;

public sealed class PackageTests
{
    private static readonly Guid SourceLink = new("CC110556-A091-4D38-9FEC-25AB9A351A6A");

    [Fact]
    public void Package_says_what_it_is_and_under_which_licence()
    {
        foreach (Package package in Package.All())
        {
            XElement metadata = package.Metadata();

            metadata.Element("license")!.Should().HaveValue("MIT").And.HaveAttribute("type", "expression");
            metadata.Element("readme")!.Should().HaveValue("README.md");
            metadata.Element("icon")!.Should().HaveValue("icon.png");
            metadata.Element("description")!.Value.Should().NotBeEmpty().And.NotBe("Package Description", "that is what the SDK says without one");
        }
    }

    [Fact]
    public void Package_brings_its_readme_its_icon_and_the_documentation_of_its_code()
    {
        foreach (Package package in Package.All())
        {
            Dictionary<string, byte[]> files = Package.Contents(package.File);
            string library = $"lib/net10.0/{package.Id}";

            files.Keys.Should().Contain(["README.md", "icon.png", $"{library}.dll", $"{library}.xml"]);
            files["README.md"].Should().NotBeEmpty();
            Package.Contents(package.SymbolsFile).Keys.Should().Contain($"{library}.pdb");
        }
    }

    [Fact]
    public void Package_does_not_tell_on_which_machine_it_was_made()
    {
        string[] places = [Repository.Root, Path.GetTempPath(), Environment.GetFolderPath(Environment.SpecialFolder.UserProfile) + "/"];

        foreach (Package package in Package.All())
        {
            foreach ((string name, byte[] content) in Package.Contents(package.File).Concat(Package.Contents(package.SymbolsFile)))
            {
                string text = Encoding.Latin1.GetString(content);
                places.Where(text.Contains).Should().BeEmpty("{0} of {1} is for others", name, package.Id);
            }

            XElement repository = package.Metadata().Element("repository")!;
            repository.Attribute("commit").Should().NotBeNull("it was built from a commit");
            (repository.Attribute("url")?.Value ?? "https://").Should().StartWith("http", "a folder is no address for others");
        }
    }

    [Fact]
    public void Package_symbols_lead_to_the_sources_of_the_commit()
    {
        foreach (Package package in Package.All())
        {
            byte[] symbols = Package.Contents(package.SymbolsFile)[$"lib/net10.0/{package.Id}.pdb"];
            using MetadataReaderProvider provider = MetadataReaderProvider.FromPortablePdbStream(new MemoryStream(symbols));
            MetadataReader reader = provider.GetMetadataReader();

            reader.Documents.Select(document => reader.GetString(reader.GetDocument(document).Name))
                .Should().OnlyContain(document => document.StartsWith("/_/"), "a path that starts so is relative to the repository");

            // Of a clone of a folder, or of a host that the SDK does not know, there is no address that a debugger could ask.
            string repository = package.Metadata().Element("repository")!.Attribute("url")?.Value ?? "";
            if (repository.StartsWith("https://github.com/", StringComparison.Ordinal))
            {
                SourceAddresses(reader).Should().ContainSingle().Which.Should().StartWith("https://raw.githubusercontent.com/");
            }
        }
    }

    private static List<string> SourceAddresses(MetadataReader reader)
    {
        List<string> addresses = [];
        foreach (CustomDebugInformation information in reader.CustomDebugInformation.Select(reader.GetCustomDebugInformation))
        {
            if (reader.GetGuid(information.Kind) == SourceLink)
            {
                using JsonDocument json = JsonDocument.Parse(reader.GetBlobBytes(information.Value));
                addresses.AddRange(json.RootElement.GetProperty("documents").EnumerateObject().Select(document => document.Value.GetString()!));
            }
        }

        return addresses;
    }
}
