using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;

namespace JwtRevocation;

/// <summary>A form whose size is bounded, posted by somebody who may be anybody.</summary>
internal static class MessageForm
{
    public const string ContentType = "application/x-www-form-urlencoded";

    // Room for a token, a hint, and what an extension may add.
    private const int LargestBody = 2 * IssuerMessages.LargestMessage;

    private static readonly FormOptions Bounds = new()
    {
        BufferBody = false,
        BufferBodyLengthLimit = LargestBody,
        ValueLengthLimit = IssuerMessages.LargestMessage,
        KeyLengthLimit = 256,
        ValueCountLimit = 32,
    };

    /// <summary>Reads the form.</summary>
    /// <returns><see langword="null"/> if it is too large, or no form.</returns>
    public static async Task<IFormCollection?> ReadAsync(HttpContext context)
    {
        if (!context.Request.HasFormContentType || context.Request.ContentLength > LargestBody)
        {
            return null;
        }

        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = LargestBody;
        }

        try
        {
            return await context.Request.ReadFormAsync(Bounds, context.RequestAborted).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is InvalidDataException or BadHttpRequestException)
        {
            return null;
        }
    }

    /// <summary>The parameter, if it is there once and says something (RFC 6749, section 3.2).</summary>
    public static string? Single(IFormCollection form, string name) =>
        form.TryGetValue(name, out StringValues values) && values is [{ Length: > 0 } value] ? value : null;
}
