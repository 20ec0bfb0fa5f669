using System.IO.Pipelines;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.Net.Http.Headers;

namespace JwtRevocation;

/// <summary>A request whose body is a security event token (RFC 8935, section 2.1), sent by somebody who may be anybody.</summary>
internal static class SecurityEventBody
{
    public const string ContentType = "application/secevent+jwt";

    /// <summary>Bounds the body where the server does so.</summary>
    public static IRequestSizeLimitMetadata SizeLimit { get; } = new LargestRequest();

    public static bool IsSecurityEvent(HttpRequest request) =>
        MediaTypeHeaderValue.TryParse(request.ContentType, out MediaTypeHeaderValue? type)
        && type.MediaType.Equals(ContentType, StringComparison.OrdinalIgnoreCase);

    /// <summary>Reads the body.</summary>
    /// <returns><see langword="null"/> if it is too large; nothing if it cannot be read.</returns>
    public static async Task<string?> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        try
        {
            return await ReadBoundedAsync(request, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception
            is InvalidDataException or InvalidOperationException
            or (IOException and not BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge }))
        {
            // A compressed body that the app's request decompression cannot read; chunks that are none, or come too slowly.
            return "";
        }
    }

    private static async Task<string?> ReadBoundedAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (request.ContentLength > IssuerMessages.LargestMessage)
        {
            return null;
        }

        while (true)
        {
            ReadResult read = await request.BodyReader.ReadAsync(cancellationToken).ConfigureAwait(false);
            if (read.Buffer.Length > IssuerMessages.LargestMessage)
            {
                return null;
            }

            if (read.IsCompleted)
            {
                // What is not ASCII becomes what is not base64url either.
                string body = Encoding.ASCII.GetString(read.Buffer);
                request.BodyReader.AdvanceTo(read.Buffer.End);
                return body;
            }

            request.BodyReader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    private sealed class LargestRequest : IRequestSizeLimitMetadata
    {
        public long? MaxRequestBodySize => IssuerMessages.LargestMessage;
    }
}
