using Microsoft.AspNetCore.Http;

namespace JwtRevocation;

/// <summary>The answer while the store is out of reach.</summary>
internal static class UnavailableResponse
{
    public static void AnswerUnavailable(this HttpResponse response)
    {
        response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        response.Headers.RetryAfter = JwtRevocationDefaults.RetryAfter;
    }
}
