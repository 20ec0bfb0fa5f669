using System.IO.Compression;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace JwtRevocation.EndToEnd;

/// <summary>A package that <c>dotnet pack</c> has made, with its symbols.</summary>
internal sealed partial record Package(string Id, string Version, string File)
{
    public string SymbolsFile => Path.ChangeExtension(File, ".snupkg");

    public static IReadOnlyList<Package> All()
    {
        List<Package> packages = [];
        foreach (string file in Directory.Exists(Repository.Packages) ? Directory.GetFiles(Repository.Packages, "*.nupkg") : [])
        {
            Match name = IdAndVersion().Match(Path.GetFileName(file));
            packages.Add(new(name.Groups[1].Value, name.Groups[2].Value, file));
        }

        return packages is not []
            ? packages
            : throw new FileNotFoundException("There is no package. `dotnet pack -c Release -o artifacts/packages` makes it, and `bash .ci/run` everything.");
    }

    public static Package Find(string id) => All().Single(package => package.Id == id);

    /// <summary>What the package says of itself.</summary>
    public XElement Metadata()
    {
        using ZipArchive archive = ZipFile.OpenRead(File);
        using Stream nuspec = archive.GetEntry($"{Id}.nuspec")!.Open();
        XElement metadata = XDocument.Load(nuspec).Root!.Elements().Single();

        // The namespace tells the version of the schema, which is nobody's business here.
        foreach (XElement element in metadata.DescendantsAndSelf())
        {
            element.Name = element.Name.LocalName;
        }

        return metadata;
    }

    /// <summary>The files of the package, or of its symbols, with what is in them.</summary>
    public static Dictionary<string, byte[]> Contents(string file)
    {
        using ZipArchive archive = ZipFile.OpenRead(file);
        return archive.Entries.ToDictionary(entry => entry.FullName, entry =>
        {
            using Stream stream = entry.Open();
            using MemoryStream copy = new();
            stream.CopyTo(copy);
            return copy.ToArray();
        });
    }

    [GeneratedRegex(@"^(.+?)\.(\d.*)\.nupkg$")]
    private static partial Regex IdAndVersion();
}
