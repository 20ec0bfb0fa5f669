using System.Buffers;
using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using Microsoft.IdentityModel.Tokens;

namespace JwtRevocation;

/// <summary>
/// Reads a claim from the token's own JSON, for what IdentityModel's objects do not keep as it was: numbers, arrays, text
/// that looks like a date, and times with a fraction. Nothing is allocated.
/// </summary>
internal static class PayloadReader
{
    public delegate bool ValuePredicate<TState>(ReadOnlySpan<char> value, in TState state);

    /// <summary>
    /// Whether a predicate holds for the claim's value, or for an element if it is an array: of a string its text, of a
    /// number or Boolean the JSON text. Objects and null have no value.
    /// </summary>
    public static bool AnyValue<TState>(SecurityToken token, string claim, ValuePredicate<TState> predicate, in TState state)
    {
        if (!EncodedJws.TryRead(token, out EncodedJws jws))
        {
            return false;
        }

        byte[] buffer = ArrayPool<byte>.Shared.Rent(jws.Payload.Length);
        try
        {
            return Base64Url.DecodeFromChars(jws.Payload, buffer, out _, out int length) == OperationStatus.Done
                && AnyValue(buffer.AsSpan(0, length), claim, predicate, in state);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer, clearArray: true);
        }
    }

    private static bool AnyValue<TState>(ReadOnlySpan<byte> payload, string claim, ValuePredicate<TState> predicate, in TState state)
    {
        // Of a claim that is there twice, handlers take the last (RFC 7519, section 4).
        Utf8JsonReader reader = new(payload);
        Utf8JsonReader value = default;
        bool found = false;
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            bool isClaim = reader.ValueTextEquals(claim);
            reader.Read();
            if (isClaim)
            {
                value = reader;
                found = true;
            }

            reader.Skip();
        }

        return found && AnyValue(ref value, predicate, in state);
    }

    private static bool AnyValue<TState>(ref Utf8JsonReader value, ValuePredicate<TState> predicate, in TState state)
    {
        if (value.TokenType != JsonTokenType.StartArray)
        {
            return Matches(ref value, predicate, in state);
        }

        while (value.Read() && value.TokenType != JsonTokenType.EndArray)
        {
            if (Matches(ref value, predicate, in state))
            {
                return true;
            }

            value.Skip();
        }

        return false;
    }

    private static bool Matches<TState>(ref Utf8JsonReader value, ValuePredicate<TState> predicate, in TState state)
    {
        if (value.TokenType is not (JsonTokenType.String or JsonTokenType.Number or JsonTokenType.True or JsonTokenType.False))
        {
            return false;
        }

        char[] buffer = ArrayPool<char>.Shared.Rent(value.ValueSpan.Length);
        try
        {
            int length = value.TokenType == JsonTokenType.String
                ? value.CopyString(buffer)
                : Encoding.UTF8.GetChars(value.ValueSpan, buffer);
            return predicate(buffer.AsSpan(0, length), in state);
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair: no text at all, and nobody can have revoked it.
            return false;
        }
        finally
        {
            ArrayPool<char>.Shared.Return(buffer, clearArray: true);
        }
    }
}
