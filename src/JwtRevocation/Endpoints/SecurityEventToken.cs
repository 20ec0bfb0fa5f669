using System.Buffers.Text;
using System.Text.Json;
using Microsoft.IdentityModel.JsonWebTokens;

namespace JwtRevocation;

/// <summary>
/// What a security event token says (RFC 8417, section 2, as OpenID Shared Signals Framework 1.0, section 4, profiles it). Its
/// signature, issuer and audience are good; all else in it is as untrusted as the issuer is clumsy.
/// </summary>
internal sealed record SecurityEventToken(
    string Issuer, DateTimeOffset IssuedAt, DateTimeOffset? TimeOfEvent, SecurityEventSubject Subject, IReadOnlyList<SecurityEvent> Events)
{
    private const string Type = "secevent+jwt";

    // A claim that is there twice says nothing (RFC 7519, section 4; RFC 8417, section 2.2).
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    /// <summary>Reads a token.</summary>
    /// <param name="token">The token, which was validated.</param>
    /// <param name="now">The time.</param>
    /// <param name="skew">How far the issuer's clock may be ahead.</param>
    /// <exception cref="SecurityEventException">It is not as a security event token must be.</exception>
    public static SecurityEventToken Read(JsonWebToken token, DateTimeOffset now, TimeSpan skew)
    {
        try
        {
            if (!Type.Equals(token.Typ, StringComparison.OrdinalIgnoreCase)
                && !SecurityEventBody.ContentType.Equals(token.Typ, StringComparison.OrdinalIgnoreCase))
            {
                throw SecurityEventException.Invalid("The 'typ' is not 'secevent+jwt'.");
            }

            using JsonDocument json = JsonDocument.Parse(Base64Url.DecodeFromChars(token.EncodedPayload), Strict);
            return Read(token.Issuer, json.RootElement, now, skew);
        }
        catch (Exception exception) when (exception is JsonException or FormatException or InvalidOperationException)
        {
            // InvalidOperationException: text that is not Unicode.
            throw SecurityEventException.Invalid("The token cannot be read.");
        }
    }

    private static SecurityEventToken Read(string issuer, JsonElement claims, DateTimeOffset now, TimeSpan skew)
    {
        if (claims.TryGetProperty("exp", out _) || claims.TryGetProperty("sub", out _))
        {
            throw SecurityEventException.Invalid("A security event token must have neither 'exp' nor 'sub'.");
        }

        if (!claims.TryGetProperty("jti", out JsonElement id) || id.ValueKind != JsonValueKind.String || id.GetString() is not { Length: > 0 })
        {
            throw SecurityEventException.Invalid("There is no 'jti', or not as a text.");
        }

        // A difference, because a skew may be larger than any time.
        if (Time(claims, "iat") is not { } issuedAt || issuedAt - now > skew)
        {
            throw SecurityEventException.Invalid("There is no 'iat', or it lies in the future.");
        }

        if (!claims.TryGetProperty("sub_id", out JsonElement subject))
        {
            throw SecurityEventException.Invalid("There is no 'sub_id'.");
        }

        return new(issuer, issuedAt, Time(claims, "toe"), SecurityEventSubject.Read(subject), ReadEvents(claims));
    }

    private static SecurityEvent[] ReadEvents(JsonElement claims) =>
        claims.TryGetProperty("events", out JsonElement events) && events.ValueKind == JsonValueKind.Object && events.EnumerateObject().Any()
            ? [.. events.EnumerateObject().Select(static property => ReadEvent(property.Name, property.Value))]
            : throw SecurityEventException.Invalid("There are no 'events', or not as an object.");

    private static SecurityEvent ReadEvent(string type, JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.Object)
        {
            throw SecurityEventException.Invalid("An event is not an object.");
        }

        // The others may have members of the same names that mean something else.
        if (!SecurityEventTypes.IsKnown(type))
        {
            return new(type, null, null, null);
        }

        string? changeType = type == SecurityEventTypes.CredentialChange ? Text(json, "change_type") : null;
        if (type == SecurityEventTypes.CredentialChange && changeType is not ("create" or "revoke" or "update" or "delete"))
        {
            throw SecurityEventException.Invalid("A credential change has no 'change_type', or an unknown one.");
        }

        return new(type, Time(json, "event_timestamp"), changeType, type == SecurityEventTypes.Verification ? Text(json, "state") : null);
    }

    private static string? Text(JsonElement json, string name)
    {
        if (!json.TryGetProperty(name, out JsonElement value) || value.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        return value.ValueKind == JsonValueKind.String ? value.GetString() : throw SecurityEventException.Invalid($"A '{name}' is not a text.");
    }

    // A NumericDate (RFC 7519, section 2).
    private static DateTimeOffset? Time(JsonElement json, string name)
    {
        if (!json.TryGetProperty(name, out JsonElement value) || value.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        return value.ValueKind == JsonValueKind.Number && value.TryGetDecimal(out decimal seconds) && seconds >= 0
            // A time that cannot be told from the end of all times is one of milliseconds, as a rule: it is later than the
            // token itself, and then counts for nothing.
            ? DateTimeOffset.UnixEpoch.AddTicks((long)decimal.Ceiling(Math.Min(seconds, 200_000_000_000) * TimeSpan.TicksPerSecond))
            : throw SecurityEventException.Invalid($"The time '{name}' is not a number of seconds.");
    }
}
