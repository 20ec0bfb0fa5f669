using Microsoft.AspNetCore.Http;

namespace JwtRevocation.Tests.Connections;

/// <summary>An endpoint that answers a little, and then stays open.</summary>
internal static class OpenEndpoint
{
    public static async Task WaitAsync(HttpContext context)
    {
        await context.Response.WriteAsync("waiting", context.RequestAborted);
        await context.Response.Body.FlushAsync(context.RequestAborted);
        await Task.Delay(Timeout.InfiniteTimeSpan, context.RequestAborted);
    }
}
