using System.Net;
using System.Net.WebSockets;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace JwtRevocation.Tests.Connections;

/// <summary>A real API on a real server, whose connections stay open: each of its endpoints ends on revocation.</summary>
internal sealed class ConnectedApi : IAsyncDisposable
{
    private readonly WebApplication _app;

    private ConnectedApi(WebApplication app, SeenByServer seen)
    {
        _app = app;
        Seen = seen;
        Urls = [.. app.Urls];
        Client = new(new SocketsHttpHandler { MaxConnectionsPerServer = 1000 }) { BaseAddress = new(Urls[0]), Timeout = Timeout.InfiniteTimeSpan };
    }

    public HttpClient Client { get; }

    /// <summary>For HTTP/1.1, and for HTTP/2.</summary>
    public IReadOnlyList<string> Urls { get; }

    public SeenByServer Seen { get; }

    public IServiceProvider Services => _app.Services;

    public ITokenRevoker Revoker => Services.GetRequiredService<ITokenRevoker>();

    public static async Task<ConnectedApi> StartAsync(
        Action<IServiceCollection>? services = null,
        Action<WebApplication>? endpoints = null,
        Action<JwtBearerOptions>? bearer = null,
        Action<JwtRevocationOptions>? options = null,
        Action<JwtRevocationBuilder>? revocation = null)
    {
        SeenByServer seen = new();
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0);
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2);
        });
        builder.Services.AddAuthorization();
        builder.Services.AddAuthentication().AddJwtBearer(scheme => TestApi.UseTestTokens(scheme, bearer));
        JwtRevocationBuilder added = builder.Services.AddJwtRevocation(options ?? (_ => { }));
        revocation?.Invoke(added);
        services?.Invoke(builder.Services);
        WebApplication app = builder.Build();
        app.UseWebSockets();
        app.MapGet("/me", (HttpContext context) => context.User.FindFirst("sub")?.Value).RequireAuthorization();
        app.MapPost("/sign-out/others", () => TypedResults.SignOut(SignOutScope.Others())).RequireAuthorization();
        app.MapGet("/socket", context => EchoAsync(context, seen)).RequireAuthorization().EndOnRevocation();
        app.MapGet("/events", context => SendEventsAsync(context, seen)).EndOnRevocation();
        endpoints?.Invoke(app);
        await app.StartAsync(TestContext.Current.CancellationToken);
        return new(app, seen);
    }

    public async Task<WebSocket> OpenSocketAsync(string token, string path = "/socket")
    {
        ClientWebSocket socket = new();
        socket.Options.SetRequestHeader("Authorization", $"Bearer {token}");
        await socket.ConnectAsync(new Uri(Urls[0].Replace("http", "ws", StringComparison.Ordinal) + path), TestContext.Current.CancellationToken);
        return socket;
    }

    /// <summary>An open stream, of which the first event has arrived.</summary>
    public async Task<Stream> OpenEventsAsync(string? token, string path = "/events")
    {
        HttpResponseMessage response = await Client.SendAsync(Get(path, token), HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        response.EnsureSuccessStatusCode();
        Stream stream = await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        (await stream.ReadAsync(new byte[1], TestContext.Current.CancellationToken)).Should().Be(1);
        return stream;
    }

    public async Task<HttpStatusCode> StatusAsync(string token, string path = "/me")
    {
        using HttpResponseMessage response = await Client.SendAsync(Get(path, token), TestContext.Current.CancellationToken);
        return response.StatusCode;
    }

    public static HttpRequestMessage Get(string path, string? token)
    {
        HttpRequestMessage request = new(HttpMethod.Get, path);
        request.Headers.Authorization = token is null ? null : new("Bearer", token);
        return request;
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.DisposeAsync();
    }

    private static async Task EchoAsync(HttpContext context, SeenByServer seen)
    {
        using WebSocket socket = await context.WebSockets.AcceptWebSocketAsync();
        using IDisposable _ = seen.Begin();
        byte[] buffer = new byte[4096];
        while (await socket.ReceiveAsync(buffer, context.RequestAborted) is { MessageType: not WebSocketMessageType.Close } received)
        {
            await socket.SendAsync(buffer.AsMemory(0, received.Count), received.MessageType, received.EndOfMessage, context.RequestAborted);
        }
    }

    private static async Task SendEventsAsync(HttpContext context, SeenByServer seen)
    {
        using IDisposable _ = seen.Begin();
        context.Response.ContentType = "text/event-stream";
        await context.Response.WriteAsync("data: hello\n\n", context.RequestAborted);
        await context.Response.Body.FlushAsync(context.RequestAborted);
        await Task.Delay(Timeout.InfiniteTimeSpan, context.RequestAborted);
    }
}

/// <summary>The requests that the endpoints are busy with.</summary>
internal sealed class SeenByServer
{
    private int _open;

    public int Open => Volatile.Read(ref _open);

    public IDisposable Begin()
    {
        Interlocked.Increment(ref _open);
        return new Request(this);
    }

    private sealed class Request(SeenByServer seen) : IDisposable
    {
        public void Dispose() => Interlocked.Decrement(ref seen._open);
    }
}
