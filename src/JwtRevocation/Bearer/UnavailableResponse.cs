using Microsoft.AspNetCore.Http;

namespace JwtRevocation;

/// <summary>The answer while the store is out of reach.</summary>
internal static class UnavailableResponse
{
    /// <summary>
    /// Answers 503 with <c>Retry-After</c> (RFC 9110, sections 15.6.4 and 10.2.3), now and once more as the response starts,
    /// so that nobody who goes on, be it an endpoint with a 200 or another scheme with a redirect, hides it.
    /// </summary>
    public static void AnswerUnavailable(this HttpResponse response)
    {
        Answer(response);
        response.OnStarting(
            static response =>
            {
                Answer((HttpResponse)response);
                return Task.CompletedTask;
            },
            response);
    }

    private static void Answer(HttpResponse response)
    {
        response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        response.Headers.RetryAfter = JwtRevocationDefaults.RetryAfter;
        response.Headers.Location = default;
        response.Headers.WWWAuthenticate = default;
    }
}
