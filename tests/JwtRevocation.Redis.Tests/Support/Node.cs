using System.Collections.Concurrent;
using System.Net;
using JwtRevocation.Tests;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;

namespace JwtRevocation.Redis.Tests;

/// <summary>A node: a real API whose revocations are shared over Redis. GET /me needs a token, POST /sign-out signs out.</summary>
internal sealed class Node : IAsyncDisposable
{
    public static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(200);
    public static readonly TimeSpan MaxStaleness = TimeSpan.FromSeconds(3);

    private readonly WebApplication _app;
    private readonly HttpClient _client;

    private Node(WebApplication app, ConcurrentQueue<string> messages)
    {
        _app = app;
        _client = app.GetTestClient();
        Messages = messages;
    }

    /// <summary>Everything that the library has logged.</summary>
    public ConcurrentQueue<string> Messages { get; }

    public ITokenRevoker Revoker => _app.Services.GetRequiredService<ITokenRevoker>();

    public IRevokedTokenStore Store => _app.Services.GetRequiredService<IRevokedTokenStore>();

    public IServiceProvider Services => _app.Services;

    /// <summary>Starts a node that polls every 200 ms and vouches for its memory for 3 s, unless it is told otherwise.</summary>
    public static async Task<Node> StartAsync(
        string? configuration,
        Action<RedisStoreOptions>? options = null,
        TimeProvider? clock = null,
        Action<JwtBearerOptions>? bearer = null)
    {
        ConcurrentQueue<string> messages = [];
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseTestServer();
        builder.Logging.ClearProviders().AddProvider(new MessageRecorder(messages)).AddFilter("JwtRevocation", LogLevel.Debug);
        if (clock is not null)
        {
            builder.Services.AddSingleton(clock);
        }

        builder.Services.AddAuthorization();
        builder.Services.AddAuthentication().AddJwtBearer(scheme =>
        {
            scheme.MapInboundClaims = false;
            scheme.TokenValidationParameters = TestTokens.Parameters();
            bearer?.Invoke(scheme);
        });
        builder.Services.AddJwtRevocation().AddRedisStore(redis =>
        {
            redis.Configuration = configuration;
            redis.PollInterval = PollInterval;
            redis.MaxStaleness = MaxStaleness;
            options?.Invoke(redis);
        });
        builder.Services.AddHealthChecks().AddJwtRevocation();
        WebApplication app = builder.Build();
        app.MapGet("/me", (HttpContext context) => context.User.FindFirst("sub")?.Value).RequireAuthorization();
        app.MapGet("/open", async context =>
        {
            await context.Response.WriteAsync("open", context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
            await Task.Delay(Timeout.InfiniteTimeSpan, context.RequestAborted);
        }).RequireAuthorization().EndOnRevocation();
        app.MapPost("/sign-out", () => TypedResults.SignOut()).RequireAuthorization();
        await app.StartAsync(TestContext.Current.CancellationToken);
        return new(app, messages);
    }

    public async Task<HttpStatusCode> StatusAsync(string token)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, "/me");
        request.Headers.Authorization = new("Bearer", token);
        using HttpResponseMessage response = await _client.SendAsync(request, TestContext.Current.CancellationToken);
        return response.StatusCode;
    }

    /// <summary>Opens a request that ends with its token only. The task within is done when it has.</summary>
    public async Task<Task> OpenAsync(string token)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, "/open");
        request.Headers.Authorization = new("Bearer", token);
        HttpResponseMessage response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        response.StatusCode.Should().Be(HttpStatusCode.OK);
        return ReadToTheEndAsync(response);

        static async Task ReadToTheEndAsync(HttpResponseMessage response)
        {
            using (response)
            {
                Func<Task> read = () => response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
                await read.Should().ThrowAsync<Exception>("it is broken off");
            }
        }
    }

    public async Task<HttpStatusCode> SignOutAsync(string token)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, "/sign-out");
        request.Headers.Authorization = new("Bearer", token);
        using HttpResponseMessage response = await _client.SendAsync(request, TestContext.Current.CancellationToken);
        return response.StatusCode;
    }

    /// <summary>Signs out, which must succeed: from then on the revocation is acknowledged.</summary>
    public async Task RevokeAsync(string token) =>
        (await SignOutAsync(token)).Should().Be(HttpStatusCode.OK, "the node has last said: {0}", string.Join(Environment.NewLine, Messages.TakeLast(8)));

    public async Task<bool> AcceptsAsync(string token) => await StatusAsync(token) == HttpStatusCode.OK;

    public async Task<bool> RefusesAsync(string token) => await StatusAsync(token) == HttpStatusCode.Unauthorized;

    /// <summary>Whether it cannot say: 503 for a token that nobody has revoked.</summary>
    public async Task<bool> IsUnknownAsync() => await StatusAsync(TestTokens.Create()) == HttpStatusCode.ServiceUnavailable;

    public async Task<bool> IsReadyAsync() => await AcceptsAsync(TestTokens.Create());

    public async Task<HealthReportEntry> HealthAsync() =>
        (await Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(TestContext.Current.CancellationToken)).Entries["jwt_revocation"];

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _app.DisposeAsync();
    }

    private sealed class MessageRecorder(ConcurrentQueue<string> messages) : ILoggerProvider
    {
        public ILogger CreateLogger(string categoryName) =>
            categoryName.StartsWith("JwtRevocation", StringComparison.Ordinal) ? new Logger(messages) : Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance;

        public void Dispose()
        {
        }

        private sealed class Logger(ConcurrentQueue<string> messages) : ILogger
        {
            public IDisposable? BeginScope<TState>(TState state)
                where TState : notnull => null;

            private void Record(string message)
            {
                messages.Enqueue(message);
                TestContext.Current.TestOutputHelper?.WriteLine(message);
            }

            public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

            public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
                Record($"{logLevel} {eventId.Id}: {formatter(state, exception)} {exception?.Message} {exception?.InnerException?.Message}");
        }
    }
}
