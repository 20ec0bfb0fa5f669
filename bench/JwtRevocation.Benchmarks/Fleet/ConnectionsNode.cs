using System.Net.WebSockets;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace JwtRevocation.Benchmarks.Fleet;

/// <summary>A node with connections that stay open and say something every second, in a process of its own.</summary>
internal static class ConnectionsNode
{
    public static async Task<int> RunAsync(string redis)
    {
        SampleTokens tokens = SampleTokens.Hs256();
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        builder.Services.AddAuthentication(JwtBearerDefaults.AuthenticationScheme).AddJwtBearer(options =>
        {
            options.MapInboundClaims = false;
            options.TokenValidationParameters = tokens.ValidationParameters();
        });
        builder.Services.AddAuthorization();
        builder.Services.AddJwtRevocation().AddRedisStore(redis);
        await using WebApplication app = builder.Build();
        app.UseWebSockets();
        app.MapGet("/socket", TickAsync).RequireAuthorization().EndOnRevocation();
        app.MapGet("/events", StreamAsync).RequireAuthorization().EndOnRevocation();
        app.MapPost("/revoke/{subject}", async (HttpContext context) =>
        {
            RevocationTarget subject = RevocationTarget.Subject(SampleTokens.Issuer, $"user-{context.GetRouteValue("subject")}");
            await context.RequestServices.GetRequiredService<ITokenRevoker>().RevokeAsync(subject, context.RequestAborted);
        });
        await app.StartAsync();
        Console.WriteLine(app.Urls.Single());

        // Ends with its parent, whatever becomes of that: standard input is closed then.
        await Parent.WaitForEndAsync();
        return 0;
    }

    private static async Task TickAsync(HttpContext context)
    {
        using WebSocket socket = await context.WebSockets.AcceptWebSocketAsync();
        await EachSecondAsync(context, () => socket.SendAsync("tick"u8.ToArray(), WebSocketMessageType.Text, endOfMessage: true, context.RequestAborted));
    }

    private static async Task StreamAsync(HttpContext context)
    {
        context.Response.ContentType = "text/event-stream";
        await EachSecondAsync(context, async () =>
        {
            await context.Response.WriteAsync("data: tick\n\n", context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
        });
    }

    private static async Task EachSecondAsync(HttpContext context, Func<Task> sayAsync)
    {
        using PeriodicTimer timer = new(TimeSpan.FromSeconds(1));
        do
        {
            await sayAsync();
        }
        while (await timer.WaitForNextTickAsync(context.RequestAborted));
    }
}
