using System.Security.Cryptography;
using Microsoft.IdentityModel.Tokens;

namespace SignOut;

/// <summary>
/// The sample's signing key: made at the first start, kept in the user's local application data, and shared by every
/// process of that user, so that a restart and a second node accept the same tokens.
/// </summary>
internal static class SigningKeyFile
{
    private const int KeySize = 32;

    public static SymmetricSecurityKey LoadOrCreate()
    {
        string folder = Path.Combine(
            Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.Create),
            "JwtRevocation.SignOut");
        Directory.CreateDirectory(folder);
        string file = Path.Combine(folder, "signing-key");
        if (!File.Exists(file))
        {
            Create(file);
        }

        byte[] key = File.ReadAllBytes(file);
        return key.Length == KeySize
            ? new SymmetricSecurityKey(key)
            : throw new InvalidOperationException($"{file} does not hold a key of {KeySize} bytes. Delete it, and it is made anew.");
    }

    // Written whole under another name first: of two nodes that start at once, one makes the key and both read that.
    private static void Create(string file)
    {
        string draft = $"{file}.{Guid.NewGuid():N}";
        FileStreamOptions ownerOnly = new() { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            ownerOnly.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using (FileStream stream = new(draft, ownerOnly))
        {
            stream.Write(RandomNumberGenerator.GetBytes(KeySize));
        }

        try
        {
            File.Move(draft, file, overwrite: false);
        }
        catch (IOException) when (File.Exists(file))
        {
            File.Delete(draft);
        }
    }
}
