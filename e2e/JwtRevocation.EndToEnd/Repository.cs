namespace JwtRevocation.EndToEnd;

/// <summary>Where things are in this clone.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

    public static string Screenshots { get; } = Path.Combine(Root, "artifacts", "screenshots");

    /// <summary>The folder of the natively published sample.</summary>
    public static string PublishedSample { get; } = Path.Combine(Root, "artifacts", "native");

    public static string Packages { get; } = Path.Combine(Root, "artifacts", "packages");

    /// <summary>A file that a step before the tests has to have made.</summary>
    public static string Made(string file, string by) =>
        File.Exists(file) ? file : throw new FileNotFoundException($"{file} is not there. `{by}` makes it, and `bash .ci/run` everything.");

    private static string FindRoot()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "JwtRevocation.Library.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new DirectoryNotFoundException("The tests run outside a clone of the repository.");
    }
}
