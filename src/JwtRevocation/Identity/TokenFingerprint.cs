using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Runtime.CompilerServices;
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
/// (<see href="https://www.rfc-editor.org/rfc/rfc7518#section-3.1">RFC 7518, section 3.1</see>); of the number without
/// its leading zero bytes for RSA, whose PSS signatures verify without them as well. For ECDSA these bits lie within
/// <c>r</c>, so that the signature's twin <c>(r, n − s)</c>, which verifies too, has the same fingerprint. For every other algorithm and for unsigned tokens it is the first 128 bits of SHA-256 over the decoded header and
/// payload.
/// </para>
/// <para>
/// It tells nothing of the token's claims, and the token cannot be made from it. Keep it to yourself all the same where an
/// app trusts issuers that do not trust each other: one of them could choose a key by which a token of its own has a
/// fingerprint that it knows, and revoke that.
/// </para>
/// </remarks>
public readonly record struct TokenFingerprint(UInt128 Value)
{
    private const int Size = 16;

    // Of this process.
    private static readonly ulong UpperKey = BinaryPrimitives.ReadUInt64LittleEndian(RandomNumberGenerator.GetBytes(sizeof(ulong)));
    private static readonly ulong LowerKey = BinaryPrimitives.ReadUInt64LittleEndian(RandomNumberGenerator.GetBytes(sizeof(ulong)));

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

    /// <summary>A hash code, which is another one in each process.</summary>
    /// <remarks>
    /// Nobody can choose fingerprints of the same hash code. Those of UInt128 are folded before they are mixed with a seed, so
    /// that an issuer could sign tokens, with a key for each, that crowd together in every process.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public override int GetHashCode()
    {
        ulong upper = Math.BigMul((ulong)(Value >> 64) ^ UpperKey, (ulong)Value ^ LowerKey, out ulong lower);
        ulong mixed = upper ^ lower;
        return (int)(mixed ^ (mixed >> 32));
    }

    /// <summary>The fingerprint as 32 lower-case hexadecimal digits.</summary>
    public override string ToString() => Value.ToString("x32", CultureInfo.InvariantCulture);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TryFromSignature(in EncodedJws jws, out UInt128 value)
    {
        value = default;
        if (!HasUniformSignature(jws.Algorithm))
        {
            return false;
        }

        Span<byte> prefix = stackalloc byte[PrefixBytes];
        if (jws.Signature.Length >= PrefixChars
            && Base64Url.DecodeFromChars(jws.Signature[..PrefixChars], prefix, out _, out int written) == OperationStatus.Done
            && written == PrefixBytes
            && prefix[0] != 0)
        {
            value = BinaryPrimitives.ReadUInt128BigEndian(prefix);
            return true;
        }

        return TryFromUnusualSignature(in jws, out value);
    }

    // The algorithms of which nobody but the signer can make another valid signature, but for one that is written in another
    // way (HMAC, RSA) or shares r (ECDSA), and whose signatures are uniform in these bits.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool HasUniformSignature(string? algorithm) => algorithm is
        "HS256" or "HS384" or "HS512" or
        "RS256" or "RS384" or "RS512" or
        "PS256" or "PS384" or "PS512" or
        "ES256" or "ES384" or "ES512";

    /// <summary>
    /// For a signature that is not plain base64url, or that begins with a zero: what some handler ignores, or reads as the
    /// same character or number, must not make another token.
    /// </summary>
    private static bool TryFromUnusualSignature(in EncodedJws jws, out UInt128 value)
    {
        value = default;
        char[] chars = ArrayPool<char>.Shared.Rent(jws.Signature.Length);
        byte[] bytes = ArrayPool<byte>.Shared.Rent(jws.Signature.Length);
        try
        {
            int length = 0;
            foreach (char c in jws.Signature)
            {
                if (c != '=' && !char.IsWhiteSpace(c))
                {
                    chars[length++] = c switch { '+' => '-', '/' => '_', _ => c };
                }
            }

            if (Base64Url.DecodeFromChars(chars.AsSpan(0, length), bytes, out _, out int written) != OperationStatus.Done)
            {
                return false;
            }

            // An RSA signature is a number, and RSA-PSS verifies it without its leading zeros as well.
            ReadOnlySpan<byte> signature = bytes.AsSpan(0, written);
            if (jws.Algorithm is ['R' or 'P', ..])
            {
                signature = signature.TrimStart((byte)0);
            }

            return BinaryPrimitives.TryReadUInt128BigEndian(signature, out value);
        }
        finally
        {
            ArrayPool<char>.Shared.Return(chars);
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }

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
