using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace JwtRevocation;

/// <summary>A form whose size is bounded, posted by somebody who may be anybody.</summary>
internal static class MessageForm
{
    public const string ContentType = "application/x-www-form-urlencoded";

    // Room for a token, a hint, and what an extension may add.
    private const int LargestBody = 2 * IssuerMessages.LargestMessage;

    /// <summary>Bounds the body also for those who read it before the endpoint, to authenticate a client by it.</summary>
    public static IRequestSizeLimitMetadata SizeLimit { get; } = new LargestRequest();

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
        if (!IsForm(context.Request) || context.Request.ContentLength > LargestBody)
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
        catch (Exception exception) when (exception
            is InvalidDataException or IOException
            // A NUL, or a Brotli body that the app's request decompression cannot read; UTF-7.
            or InvalidOperationException or NotSupportedException)
        {
            return null;
        }
    }

    /// <summary>The parameter, if it is there once and says something (RFC 6749, section 3.2).</summary>
    public static string? Single(IFormCollection form, string name)
    {
        // By its exact name (section 1.9): a form finds it by any spelling.
        StringValues values = form.FirstOrDefault(parameter => parameter.Key == name).Value;
        return values is [{ Length: > 0 } value] ? value : null;
    }

    // ASP.NET Core takes multipart bodies for forms too.
    private static bool IsForm(HttpRequest request) =>
        MediaTypeHeaderValue.TryParse(request.ContentType, out MediaTypeHeaderValue? type)
        && type.MediaType.Equals(ContentType, StringComparison.OrdinalIgnoreCase);

    private sealed class LargestRequest : IRequestSizeLimitMetadata
    {
        public long? MaxRequestBodySize => LargestBody;
    }
}
