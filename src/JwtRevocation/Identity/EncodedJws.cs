using System.IdentityModel.Tokens.Jwt;
using System.Runtime.CompilerServices;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace JwtRevocation;

/// <summary>The parts of a JWS in compact form, as the handler that read it holds them. Nothing is copied.</summary>
internal readonly ref struct EncodedJws
{
    // Either header and payload with their dot, or the header alone and the payload.
    private readonly ReadOnlySpan<char> _header;
    private readonly ReadOnlySpan<char> _payload;
    private readonly bool _isOneText;

    private EncodedJws(string? algorithm, ReadOnlySpan<char> header, ReadOnlySpan<char> payload, ReadOnlySpan<char> signature, bool isOneText)
    {
        Algorithm = algorithm;
        _header = header;
        _payload = payload;
        _isOneText = isOneText;
        Signature = signature;
    }

    /// <summary>The <c>alg</c> of the header.</summary>
    public string? Algorithm { get; }

    // Looked for when asked for, which most tokens never are.
    public ReadOnlySpan<char> Header => _isOneText ? _header[.._header.IndexOf('.')] : _header;

    public ReadOnlySpan<char> Payload => _isOneText ? _header[(_header.IndexOf('.') + 1)..] : _payload;

    public ReadOnlySpan<char> Signature { get; }

    /// <summary>Reads either kind of token that IdentityModel's handlers make; of a JWE, the token within.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryRead(SecurityToken? token, out EncodedJws jws)
    {
        if (token is JsonWebToken { InnerToken: null, IsEncrypted: false, EncodedToken: { } text } jwt)
        {
            // Not jwt.EncodedSignature and the like, which make a new string each. There are two dots: it was read.
            int dot = text.LastIndexOf('.');
            jws = new(jwt.Alg, text.AsSpan(0, dot), default, text.AsSpan(dot + 1), isOneText: true);
            return true;
        }

        return TryReadOther(token, out jws);
    }

    private static bool TryReadOther(SecurityToken? token, out EncodedJws jws)
    {
        switch (token)
        {
            case JsonWebToken { InnerToken: { } inner }:
                return TryRead(inner, out jws);

            case JwtSecurityToken { InnerToken: { } inner }:
                return TryRead(inner, out jws);

            case JwtSecurityToken { RawHeader: { } header, RawPayload: { } payload, RawSignature: { } signature } jwt:
                jws = new(jwt.Header.Alg, header, payload, signature, isOneText: false);
                return true;

            default:
                jws = default;
                return false;
        }
    }
}
