using System.Buffers.Binary;
using System.Text;
using Microsoft.IdentityModel.JsonWebTokens;

namespace JwtRevocation.Redis.Tests;

/// <summary>Entries as another program would write them, by docs/wire-format.md and not by the library.</summary>
internal static class RawEntry
{
    public static byte[] Token(string token, DateTimeOffset? expires = null)
    {
        TokenFingerprint.TryCreate(new JsonWebToken(token), out TokenFingerprint fingerprint).Should().BeTrue();
        return Token(fingerprint.Value, expires ?? TimeProvider.System.GetUtcNow() + TimeSpan.FromHours(1));
    }

    public static byte[] Token(UInt128 fingerprint, DateTimeOffset expires)
    {
        byte[] entry = new byte[27];
        entry[0] = 1;
        BinaryPrimitives.WriteInt64BigEndian(entry.AsSpan(3), expires.ToUnixTimeSeconds());
        BinaryPrimitives.WriteUInt128BigEndian(entry.AsSpan(11), fingerprint);
        return entry;
    }

    public static byte[] Subject(string issuer, string subject, DateTimeOffset cutoff) =>
    [
        1,
        3,
        0,
        .. Number((cutoff + TimeSpan.FromHours(1)).ToUnixTimeSeconds()),
        .. Number(cutoff.ToUnixTimeMilliseconds() * 1000),
        .. Number(cutoff.ToUnixTimeSeconds() + 1),
        .. Text(issuer),
        .. Text(subject),
    ];

    private static byte[] Number(long number)
    {
        byte[] bytes = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(bytes, number);
        return bytes;
    }

    private static byte[] Text(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        return [(byte)(bytes.Length >> 8), (byte)bytes.Length, .. bytes];
    }
}
