namespace JwtRevocation.EndToEnd;

/// <summary>A folder outside the clone, where none of its settings apply; gone with the test.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("jwt-revocation-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
