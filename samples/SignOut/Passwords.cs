using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace SignOut;

/// <summary>
/// Where a real app would keep its users' passwords. This one never asks for them: its page has enough fields without, and
/// only shows what a change of password does to the tokens.
/// </summary>
internal sealed class Passwords
{
    private const int Iterations = 10_000;
    private readonly ConcurrentDictionary<string, byte[]> _hashes = new();

    public void Set(string user, string password)
    {
        byte[] salt = RandomNumberGenerator.GetBytes(16);
        _hashes[user] = [.. salt, .. Rfc2898DeriveBytes.Pbkdf2(password, salt, Iterations, HashAlgorithmName.SHA256, 32)];
    }
}
