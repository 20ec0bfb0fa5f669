using System.Text.Json;

namespace JwtRevocation;

/// <summary>
/// Whom an event is about: a subject identifier (RFC 9493, section 3), or a complex subject that has several (OpenID Shared
/// Signals Framework 1.0, section 3.3).
/// </summary>
internal sealed class SecurityEventSubject
{
    public const string Complex = "complex";
    public const string User = "user";
    public const string Session = "session";

    private const string AliasesFormat = "aliases";

    /// <summary>The format, which need not be one that is known here.</summary>
    public string Format { get; private init; } = "";

    /// <summary>The issuer that <see cref="Value"/> is of, if the format names it.</summary>
    public string? Issuer { get; private init; }

    /// <summary>The identifier, if the format is known.</summary>
    public string? Value { get; private init; }

    /// <summary>Other identifiers of the same subject, if it has no <see cref="Value"/> of its own.</summary>
    public IReadOnlyList<SecurityEventSubject> Aliases { get; private init; } = [];

    /// <summary>The members of a complex subject by their names.</summary>
    public IReadOnlyDictionary<string, SecurityEventSubject> Members { get; private init; } = new Dictionary<string, SecurityEventSubject>();

    /// <summary>Reads the subject of a token.</summary>
    /// <exception cref="SecurityEventException">It does not have the form that its format demands.</exception>
    public static SecurityEventSubject Read(JsonElement json) =>
        json.ValueKind == JsonValueKind.Object && Text(json, "format") == Complex ? ReadComplex(json) : ReadSimple(json, mayHaveAliases: true);

    private static SecurityEventSubject ReadComplex(JsonElement json)
    {
        Dictionary<string, SecurityEventSubject> members = [];
        foreach (JsonProperty member in json.EnumerateObject())
        {
            if (member.Name != "format")
            {
                // What is no subject identifier narrows the subject down for all that anybody can know.
                members[member.Name] = member.Value.ValueKind == JsonValueKind.Object ? ReadSimple(member.Value, mayHaveAliases: true) : new();
            }
        }

        return members.Count > 0
            ? new() { Format = Complex, Members = members }
            : throw SecurityEventException.Invalid("A complex subject has no members.");
    }

    private static SecurityEventSubject ReadSimple(JsonElement json, bool mayHaveAliases)
    {
        if (json.ValueKind != JsonValueKind.Object)
        {
            throw SecurityEventException.Invalid("A subject identifier is not an object.");
        }

        string format = Text(json, "format");
        return format switch
        {
            "opaque" => new() { Format = format, Value = Text(json, "id") },
            "email" => new() { Format = format, Value = Text(json, "email") },
            "iss_sub" => new() { Format = format, Issuer = Text(json, "iss"), Value = Text(json, "sub") },
            "jwt_id" => new() { Format = format, Issuer = Text(json, "iss"), Value = Text(json, "jti") },
            AliasesFormat when mayHaveAliases => new() { Format = format, Aliases = ReadAliases(json) },
            AliasesFormat or Complex => throw SecurityEventException.Invalid("A subject identifier is nested where it must not be."),
            _ => new() { Format = format },
        };
    }

    private static SecurityEventSubject[] ReadAliases(JsonElement json) =>
        json.TryGetProperty("identifiers", out JsonElement identifiers)
        && identifiers.ValueKind == JsonValueKind.Array
        && identifiers.GetArrayLength() > 0
            ? [.. identifiers.EnumerateArray().Select(static identifier => ReadSimple(identifier, mayHaveAliases: false))]
            : throw SecurityEventException.Invalid("A subject identifier of the format 'aliases' has no identifiers.");

    private static string Text(JsonElement json, string name) =>
        json.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text
            ? text
            : throw SecurityEventException.Invalid($"A subject identifier has no '{name}', or not as a text.");
}
