using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace JwtRevocation.Tests.Endpoints;

/// <summary>Anybody can begin a request over HTTP/2 and reset it in the middle of its body.</summary>
public sealed class ResetStreamTests
{
    private const int Times = 20;

    [Theory]
    [InlineData("/backchannel-logout", "application/x-www-form-urlencoded")]
    [InlineData("/oauth/revoke", "application/x-www-form-urlencoded")]
    [InlineData("/security-events", "application/secevent+jwt")]
    public async Task That_is_no_error_of_the_app(string path, string contentType)
    {
        ConcurrentQueue<string> warnings = new();
        ConcurrentQueue<Exception> thrown = new();
        using SemaphoreSlim reading = new(0);
        using SemaphoreSlim over = new(0);
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2));
        builder.Logging.ClearProviders().AddProvider(new Warnings(warnings));
        builder.Services.AddAuthorization();
        builder.Services.AddAuthentication().AddJwtBearer(scheme => TestApi.UseTestTokens(scheme));
        builder.Services.AddJwtRevocation();
        await using WebApplication app = builder.Build();
        app.Use(async (context, next) =>
        {
            try
            {
                reading.Release();
                await next(context);
            }
            catch (Exception exception)
            {
                thrown.Enqueue(exception);
            }
            finally
            {
                over.Release();
            }
        });
        app.MapBackChannelLogout("/backchannel-logout");
        app.MapTokenRevocation("/oauth/revoke").AllowAnonymous();
        app.MapSecurityEvents("/security-events");
        await app.StartAsync(TestContext.Current.CancellationToken);
        using HttpClient client = new()
        {
            BaseAddress = new(app.Urls.Single()),
            DefaultRequestVersion = HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };

        for (int i = 0; i < Times; i++)
        {
            using CancellationTokenSource reset = new();
            using EndlessContent content = new(contentType);
            Task<HttpResponseMessage> request = client.PostAsync(new Uri(path, UriKind.Relative), content, reset.Token);
            await reading.WaitAsync(TestContext.Current.CancellationToken);
            await reset.CancelAsync();
            await ((Func<Task>)(() => request)).Should().ThrowAsync<OperationCanceledException>();
            await over.WaitAsync(TestContext.Current.CancellationToken);
        }

        warnings.Should().BeEmpty();
        thrown.Should().AllBeAssignableTo<OperationCanceledException>("that is what a request ends with whose client has gone");
    }

    /// <summary>A few bytes, and then nothing more.</summary>
    private sealed class EndlessContent : HttpContent
    {
        public EndlessContent(string type) => Headers.ContentType = new MediaTypeHeaderValue(type);

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
            throw new NotSupportedException();

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
        {
            await stream.WriteAsync("token"u8.ToArray(), cancellationToken);
            await stream.FlushAsync(cancellationToken);
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }

    private sealed class Warnings(ConcurrentQueue<string> lines) : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                lines.Enqueue($"{logLevel} {eventId.Id}: {formatter(state, exception)} {exception?.Message}");
            }
        }

        public void Dispose()
        {
        }
    }
}
