using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using Microsoft.IdentityModel.Tokens;

namespace JwtRevocation;

/// <summary>
/// The 128-bit identity of one token, taken from its signature and the same for every spelling of the token that a
/// handler accepts.
/// </summary>
/// <param name="Value">The 128 bits, most significant first.</param>
/// <remarks>
/// <para>
/// It is the first 128 bits of the decoded signature for HS, RS, PS and ES in 256, 384 and 512
/// (<see href="https://www.rfc-editor.org/rfc/rfc7518#section-3.1">RFC 7518, section 3.1</see>). For ECDSA these lie
/// within <c>r</c>, so that the signature's twin <c>(r, n − s)</c>, which verifies as well, has the same fingerprint.
/// For every other algorithm and for unsigned tokens it is the first 128 bits of SHA-256 over the decoded header and
/// payload.
/// </para>
/// <para>It tells nothing of the token's claims, and the token cannot be made from it.</para>
/// </remarks>
public readonly record struct TokenFingerprint(UInt128 Value)
{
    private const int Size = 16;

    // The fewest characters that hold 16 bytes and end on a whole group of base64url: 24 characters, 18 bytes.
    private const int PrefixChars = 24;
    private const int PrefixBytes = 18;

    /// <summary>The fingerprint of <paramref name="token"/>; of the inner, signed token when it is encrypted.</summary>
    /// <param name="token">A token that a handler has read. Its signature need not have been verified.</param>
    /// <param name="fingerprint">The fingerprint, or the default value.</param>
    /// <returns>
    /// <see langword="false"/> when <paramref name="token"/> is <see langword="null"/>, no JWT, not in its encoded
    /// form, or encrypted and not decrypted.
    /// </returns>
    public static bool TryCreate([NotNullWhen(true)] SecurityToken? token, out TokenFingerprint fingerprint)
    {
        if (EncodedJws.TryRead(token, out EncodedJws jws)
            && (TryFromSignature(in jws, out UInt128 value) || TryFromContent(in jws, out value)))
        {
            fingerprint = new(value);
            return true;
        }

        fingerprint = default;
        return false;
    }

    /// <summary>The fingerprint as 32 lower-case hexadecimal digits.</summary>
    public override string ToString() => Value.ToString("x32", CultureInfo.InvariantCulture);

    private static bool TryFromSignature(in EncodedJws jws, out UInt128 value)
    {
        value = default;
        if (!HasUniformSignature(jws.Algorithm))
        {
            return false;
        }

        Span<byte> bytes = stackalloc byte[PrefixBytes];
        if (!TryDecodePrefix(jws.Signature, bytes))
        {
            return false;
        }

        value = BinaryPrimitives.ReadUInt128BigEndian(bytes);
        return true;
    }

    // The algorithms of which a message has one valid signature (HMAC, RSA), or two that share r (ECDSA), and whose
    // signatures are uniform in these bits.
    private static bool HasUniformSignature(string? algorithm) => algorithm is
        "HS256" or "HS384" or "HS512" or
        "RS256" or "RS384" or "RS512" or
        "PS256" or "PS384" or "PS512" or
        "ES256" or "ES384" or "ES512";

    private static bool TryDecodePrefix(ReadOnlySpan<char> signature, Span<byte> bytes)
    {
        if (signature.Length >= PrefixChars && IsDecoded(signature[..PrefixChars], bytes))
        {
            return true;
        }

        // Not plain base64url: what some handler ignores, or reads as the same character, must not make another token.
        Span<char> plain = stackalloc char[PrefixChars];
        int length = 0;
        foreach (char c in signature)
        {
            if (c == '=' || char.IsWhiteSpace(c))
            {
                continue;
            }

            plain[length++] = c switch { '+' => '-', '/' => '_', _ => c };
            if (length == PrefixChars)
            {
                return IsDecoded(plain, bytes);
            }
        }

        return false;
    }

    private static bool IsDecoded(ReadOnlySpan<char> chars, Span<byte> bytes) =>
        Base64Url.DecodeFromChars(chars, bytes, out _, out int written) == OperationStatus.Done && written == PrefixBytes;

    // The decoded bytes, and not the text: without a signature over it, the text itself can be spelled in many ways.
    // The length of the header goes first, so that no other header and payload can make the same bytes.
    private static bool TryFromContent(in EncodedJws jws, out UInt128 value)
    {
        value = default;
        byte[] buffer = ArrayPool<byte>.Shared.Rent(sizeof(int) + jws.Header.Length + jws.Payload.Length);
        try
        {
            if (Base64Url.DecodeFromChars(jws.Header, buffer.AsSpan(sizeof(int)), out _, out int header) != OperationStatus.Done
                || Base64Url.DecodeFromChars(jws.Payload, buffer.AsSpan(sizeof(int) + header), out _, out int payload) != OperationStatus.Done)
            {
                return false;
            }

            BinaryPrimitives.WriteInt32BigEndian(buffer, header);
            Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
            SHA256.HashData(buffer.AsSpan(0, sizeof(int) + header + payload), hash);
            value = BinaryPrimitives.ReadUInt128BigEndian(hash[..Size]);
            return true;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer, clearArray: true);
        }
    }
}
