using System.Buffers;
using System.Buffers.Text;
using System.Text.Json;
using Microsoft.IdentityModel.JsonWebTokens;

namespace JwtRevocation;

/// <summary>
/// What a logout token says (OpenID Connect Back-Channel Logout 1.0, section 2.4), once its signature, issuer, audience and
/// times have been validated. At least one of session and subject is there.
/// </summary>
/// <remarks>
/// It is read from the token's own JSON: IdentityModel makes texts of numbers and the other way round, and takes the last of
/// members that are there twice. Here each is what the standard says it is, and there once, or the token is refused.
/// </remarks>
internal sealed record BackChannelLogoutToken(
    string Issuer, string Id, string? SessionId, string? Subject, DateTimeOffset IssuedAt, DateTimeOffset Expires)
{
    private const string Event = "http://schemas.openid.net/event/backchannel-logout";

    // The last second that DateTimeOffset holds.
    private const long LastSecond = 253_402_300_799;

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    /// <summary>Reads a token that <see cref="IssuerMessages"/> has returned.</summary>
    /// <param name="token">The signed token.</param>
    /// <param name="problem">Why it is no logout token. Nothing of the token is in it.</param>
    /// <returns><see langword="null"/> if it is no logout token.</returns>
    public static BackChannelLogoutToken? Read(JsonWebToken token, out string problem)
    {
        problem = "it is not readable JSON, or has a member twice";
        if (!EncodedJws.TryRead(token, out EncodedJws jws))
        {
            return null;
        }

        try
        {
            using JsonDocument? header = Parse(jws.Header);
            using JsonDocument? payload = Parse(jws.Payload);
            return header is null || payload is null ? null : Read(token, header.RootElement, payload.RootElement, out problem);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // Not UTF-8, or half of a surrogate pair where a text was looked for.
            return null;
        }
    }

    private static BackChannelLogoutToken? Read(JsonWebToken token, JsonElement header, JsonElement payload, out string problem)
    {
        problem = "its typ is not that of a logout token";
        if (header.TryGetProperty("typ", out JsonElement type) && !IsLogoutToken(type))
        {
            return null;
        }

        problem = "it has no events member that says that it is a logout token";
        if (!payload.TryGetProperty("events", out JsonElement events)
            || events.ValueKind != JsonValueKind.Object
            || !events.TryGetProperty(Event, out JsonElement logout)
            || logout.ValueKind != JsonValueKind.Object)
        {
            return null;
        }

        problem = "it has a nonce";
        if (payload.TryGetProperty("nonce", out _))
        {
            return null;
        }

        problem = "its iss or aud is not text";
        if (!TryReadText(payload, "iss", out string? issuer) || issuer is null || issuer != token.Issuer || !IsAudience(payload))
        {
            return null;
        }

        problem = "its jti is missing, or not text";
        if (!TryReadText(payload, "jti", out string? id) || id is null)
        {
            return null;
        }

        problem = "its iat or exp is missing, or not a time";
        if (ReadTime(payload, "iat") is not { } issuedAt || ReadTime(payload, "exp") is not { } expires)
        {
            return null;
        }

        problem = "it has neither sid nor sub, or one that is not text";
        return TryReadText(payload, "sid", out string? sessionId) && TryReadText(payload, "sub", out string? subject)
            && (sessionId ?? subject) is not null
            ? new(issuer, id, sessionId, subject, issuedAt, expires)
            : null;
    }

    // Providers of today say JWT, or nothing; RFC 7515, section 4.1.9, on the rest.
    private static bool IsLogoutToken(JsonElement type) =>
        type.ValueKind == JsonValueKind.String
        && type.GetString()!.ToUpperInvariant() is "JWT" or "LOGOUT+JWT" or "APPLICATION/LOGOUT+JWT";

    private static bool IsAudience(JsonElement payload) =>
        payload.TryGetProperty("aud", out JsonElement audience)
        && (audience.ValueKind == JsonValueKind.String
            || (audience.ValueKind == JsonValueKind.Array
                && audience.EnumerateArray().All(static each => each.ValueKind == JsonValueKind.String)));

    /// <summary>Whether the member is a text that says something, or is not there.</summary>
    private static bool TryReadText(JsonElement payload, string name, out string? text)
    {
        text = null;
        if (!payload.TryGetProperty(name, out JsonElement value))
        {
            return true;
        }

        text = value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        return !string.IsNullOrEmpty(text);
    }

    private static DateTimeOffset? ReadTime(JsonElement payload, string name) =>
        payload.TryGetProperty(name, out JsonElement value)
        && value.ValueKind == JsonValueKind.Number
        && value.TryGetDecimal(out decimal seconds)
        && seconds >= 0
            ? DateTimeOffset.UnixEpoch.AddTicks((long)(Math.Min(seconds, LastSecond) * TimeSpan.TicksPerSecond))
            : null;

    private static JsonDocument? Parse(ReadOnlySpan<char> encoded)
    {
        byte[] json = new byte[Base64Url.GetMaxDecodedLength(encoded.Length)];
        if (Base64Url.DecodeFromChars(encoded, json, out _, out int length) != OperationStatus.Done)
        {
            return null;
        }

        var document = JsonDocument.Parse(json.AsMemory(0, length), Strict);
        if (document.RootElement.ValueKind == JsonValueKind.Object)
        {
            return document;
        }

        document.Dispose();
        return null;
    }
}
