using System.Buffers.Text;
using System.Numerics;

namespace JwtRevocation.Tests;

/// <summary>Other texts of the same token. Which of them a handler accepts is for the handler to say.</summary>
internal static class Spelling
{
    private const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

    /// <summary>Every spelling known to have been accepted by some version of some handler, and more like them.</summary>
    public static IEnumerable<string> Of(string token, string algorithm)
    {
        foreach (string tail in new[] { "=", "==", "===", "====", "\n", "\r\n", " ", "\t", "\0", "=\n", "==\n", "\n=" })
        {
            yield return token + tail;
        }

        yield return " " + token;
        int dot = token.LastIndexOf('.');
        string head = token[..(dot + 1)];
        string signature = token[(dot + 1)..];
        foreach (int at in new[] { 0, signature.Length / 3, signature.Length / 2, signature.Length })
        {
            foreach (string junk in new[] { " ", "\n", "\t", "=", "%3D" })
            {
                yield return head + signature.Insert(at, junk);
            }
        }

        // An RSA signature is a number; PSS verifies it without its leading zeros too.
        byte[] decoded = signature.Length == 0 ? [] : Base64Url.DecodeFromChars(signature);
        if (decoded is [0, ..])
        {
            yield return head + Base64Url.EncodeToString(decoded.AsSpan(1));
            yield return head + Base64Url.EncodeToString(decoded.AsSpan().TrimStart((byte)0));
        }

        yield return head + Base64Url.EncodeToString([0, .. decoded]);
        yield return head + signature.Replace('-', '+').Replace('_', '/');
        yield return head + Convert.ToBase64String(Base64Url.DecodeFromChars(signature));
        foreach (char last in Alphabet)
        {
            yield return token[..^1] + last;
        }

        // The text before the signature, which only an unsigned token leaves free.
        yield return token.Insert(dot, "=");
        yield return token.Insert(dot, " ");
        yield return token.Insert(token.IndexOf('.', StringComparison.Ordinal), "=");
        yield return token.Insert(3, "\n");

        if (algorithm.StartsWith("ES", StringComparison.Ordinal))
        {
            yield return Twin(token, algorithm);
            yield return Twin(token, algorithm) + "==";
        }
    }

    /// <summary>(r, n − s), which verifies as (r, s) does.</summary>
    public static string Twin(string token, string algorithm)
    {
        int dot = token.LastIndexOf('.');
        byte[] signature = Base64Url.DecodeFromChars(token.AsSpan(dot + 1));
        Span<byte> s = signature.AsSpan(signature.Length / 2);
        BigInteger order = new(TestKeys.OrderOf(algorithm), isUnsigned: true, isBigEndian: true);
        byte[] other = (order - new BigInteger(s, isUnsigned: true, isBigEndian: true)).ToByteArray(isUnsigned: true, isBigEndian: true);
        s.Clear();
        other.CopyTo(s[^other.Length..]);
        return token[..(dot + 1)] + Base64Url.EncodeToString(signature);
    }
}
