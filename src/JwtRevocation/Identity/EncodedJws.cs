using System.IdentityModel.Tokens.Jwt;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace JwtRevocation;

/// <summary>The parts of a JWS in compact form, as the handler that read it holds them. Nothing is copied.</summary>
internal readonly ref struct EncodedJws
{
    private EncodedJws(string? algorithm, ReadOnlySpan<char> header, ReadOnlySpan<char> payload, ReadOnlySpan<char> signature)
    {
        Algorithm = algorithm;
        Header = header;
        Payload = payload;
        Signature = signature;
    }

    /// <summary>The <c>alg</c> of the header.</summary>
    public string? Algorithm { get; }

    public ReadOnlySpan<char> Header { get; }

    public ReadOnlySpan<char> Payload { get; }

    public ReadOnlySpan<char> Signature { get; }

    /// <summary>Reads either kind of token that IdentityModel's handlers make; of a JWE, the token within.</summary>
    public static bool TryRead(SecurityToken? token, out EncodedJws jws)
    {
        switch (token)
        {
            case JsonWebToken { InnerToken: { } inner }:
                return TryRead(inner, out jws);

            case JsonWebToken { IsEncrypted: false, EncodedToken: { } text } jwt:
                // Not jwt.EncodedSignature and the like, which make a new string each.
                int payload = text.IndexOf('.', StringComparison.Ordinal) + 1;
                int signature = text.LastIndexOf('.') + 1;
                if (payload == 0 || signature <= payload)
                {
                    break;
                }

                jws = new(jwt.Alg, text.AsSpan(0, payload - 1), text.AsSpan(payload, signature - 1 - payload), text.AsSpan(signature));
                return true;

            case JwtSecurityToken { InnerToken: { } inner }:
                return TryRead(inner, out jws);

            case JwtSecurityToken { RawHeader: { } header, RawPayload: { } payloadText, RawSignature: { } signatureText } jwt:
                jws = new(jwt.Header.Alg, header, payloadText, signatureText);
                return true;
        }

        jws = default;
        return false;
    }
}
