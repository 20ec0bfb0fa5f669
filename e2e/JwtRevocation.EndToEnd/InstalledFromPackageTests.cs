using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace JwtRevocation.EndToEnd;

public sealed class InstalledFromPackageTests : IDisposable
{
    private const string Issuer = "https://issuer.example";
    private const string Audience = "fresh-project";

    private readonly TemporaryFolder _folder = new();

    // Empty at first, so that no package of the same version from an earlier build is taken for this one.
    private string PackageFolder => Path.Combine(_folder.Path, "packages");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task InstalledFromPackage_a_fresh_project_refuses_a_token_once_it_is_signed_out()
    {
        string key = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));
        string assembly = await BuildFreshProjectAsync("JwtRevocation", "");
        await using RunningApp app = await RunningApp.StartAsync(
            "dotnet", [assembly, "--Issuer", Issuer, "--Audience", Audience, "--SigningKey", key], _folder.Path);

        await SignOutRoundTrip.PassAsync(app.Client, Issue(key), Issue(key));
    }

    [Fact]
    public async Task InstalledFromPackage_a_fresh_project_shares_its_sign_outs_over_Redis()
    {
        await using RedisServer redis = await RedisServer.StartAsync();
        string key = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));
        string assembly = await BuildFreshProjectAsync("JwtRevocation.Redis", ".AddRedisStore(builder.Configuration[\"Redis\"]!)");
        string signedOut = Issue(key);
        await using (RunningApp app = await RunningApp.StartAsync("dotnet", Arguments(), _folder.Path))
        {
            await SignOutRoundTrip.PassAsync(app.Client, signedOut, Issue(key));
        }

        await using RunningApp later = await RunningApp.StartAsync("dotnet", Arguments(), _folder.Path);
        await SignOutRoundTrip.ShouldBeSignedOutAsync(later.Client, signedOut);

        string[] Arguments() => [assembly, "--Issuer", Issuer, "--Audience", Audience, "--SigningKey", key, "--Redis", redis.Configuration];
    }

    private async Task<string> BuildFreshProjectAsync(string packageId, string call)
    {
        Package package = Package.Find(packageId);
        string project = Path.Combine(_folder.Path, "Fresh");
        AddPackageSource(Repository.Packages);

        await DotnetAsync(_folder.Path, "new", "web", "--name", "Fresh", "--no-restore");
        string program = await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "FreshProject", "Program.cs"));
        await File.WriteAllTextAsync(Path.Combine(project, "Program.cs"), program.Replace("AddJwtRevocation()", $"AddJwtRevocation(){call}", StringComparison.Ordinal));
        await DotnetAsync(project, "add", "package", package.Id, "--version", package.Version);

        // Not every feed holds the exact version of all that JwtBearer depends on; that NuGet takes the next one is none of ours.
        await DotnetAsync(project, "build", "-c", "Release", "-warnaserror", "-warnnotaserror:NU1603");

        SourceOf(package).Should().Be(Repository.Packages, "the package under test is the one that this clone packed");
        return Path.Combine(project, "bin", "Release", "net10.0", "Fresh.dll");
    }

    private Task<string> DotnetAsync(string workingFolder, params string[] arguments) =>
        Dotnet.RunAsync(workingFolder, PackageFolder, arguments);

    // Beside those that the machine has, which hold what the package depends on.
    private void AddPackageSource(string source) =>
        File.WriteAllText(
            Path.Combine(_folder.Path, "nuget.config"),
            $"""
             <configuration>
               <packageSources>
                 <add key="packed" value="{source}" />
               </packageSources>
             </configuration>
             """);

    private string? SourceOf(Package package)
    {
        string metadata = Path.Combine(PackageFolder, package.Id.ToLowerInvariant(), package.Version, ".nupkg.metadata");
        using JsonDocument json = JsonDocument.Parse(File.ReadAllText(metadata));
        return json.RootElement.GetProperty("source").GetString();
    }

    private static string Issue(string key) =>
        new JsonWebTokenHandler().CreateToken(new SecurityTokenDescriptor
        {
            Issuer = Issuer,
            Audience = Audience,
            Expires = DateTime.UtcNow.AddMinutes(15),
            Claims = new Dictionary<string, object>
            {
                [JwtRegisteredClaimNames.Sub] = "alice",
                [JwtRegisteredClaimNames.Jti] = Guid.NewGuid().ToString("N"),
            },
            SigningCredentials = new(new SymmetricSecurityKey(Convert.FromBase64String(key)), SecurityAlgorithms.HmacSha256),
        });
}
