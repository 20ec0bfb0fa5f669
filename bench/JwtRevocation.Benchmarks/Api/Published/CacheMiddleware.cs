using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Caching.Distributed;

namespace JwtRevocation.Benchmarks.Api.Published;

/// <summary>
/// What articles put before everything: the whole text of the request's token is the key, and a distributed cache is asked
/// for it. Each request waits for Redis, and where that is down none is answered.
/// </summary>
internal sealed class CacheMiddleware(RequestDelegate next, IDistributedCache cache)
{
    public static string KeyOf(string token) => $"tokens:{token}:deactivated";

    public async Task InvokeAsync(HttpContext context)
    {
        string token = context.Request.Headers.Authorization.ToString().Split(' ')[^1];
        if (await cache.GetStringAsync(KeyOf(token)) is null)
        {
            await next(context);
            return;
        }

        context.Response.StatusCode = StatusCodes.Status401Unauthorized;
    }
}
