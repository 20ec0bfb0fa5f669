using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;

namespace JwtRevocation.Tests.Endpoints;

/// <summary>Anybody can write a message that names a key which does not exist.</summary>
public sealed class UnknownKeyLogTests
{
    [Theory]
    [InlineData("/events")]
    [InlineData("/logout")]
    [InlineData("/revoke")]
    public async Task A_stranger_cannot_make_the_library_warn_or_log_what_he_wrote(string path)
    {
        LogCollector logs = new();
        OpenIdConnectConfiguration metadata = new() { Issuer = TestTokens.Issuer };
        metadata.SigningKeys.Add(TestKeys.For("ES256").Key);
        await using TestApi api = await TestApi.StartAsync(
            bearer =>
            {
                bearer.TokenValidationParameters = new() { ValidAudience = TestTokens.Audience };
                bearer.ConfigurationManager = new StaticConfigurationManager<OpenIdConnectConfiguration>(metadata);
            },
            services: services => services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Trace).AddProvider(logs)),
            endpoints: app =>
            {
                app.MapSecurityEvents("/events");
                app.MapBackChannelLogout("/logout");
                app.MapTokenRevocation("/revoke").AllowAnonymous();
            });
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        string message = BackChannelLogoutProvider.Create(
            claims =>
            {
                claims["jti"] = "the-jti";
                claims["sub"] = "alice@example.com";
            },
            credentials: new(new ECDsaSecurityKey(key) { KeyId = "the-kid" }, "ES256"));
        using HttpContent content = path == "/events"
            ? new StringContent(message, Encoding.ASCII, new MediaTypeHeaderValue("application/secevent+jwt"))
            : new FormUrlEncodedContent([new(path == "/logout" ? "logout_token" : "token", message)]);

        using HttpResponseMessage response = await api.Client.PostAsync(path, content, TestContext.Current.CancellationToken);

        response.IsSuccessStatusCode.Should().BeFalse();
        logs.Lines.Should().ContainSingle().Which.Level.Should().Be(LogLevel.Debug);
        logs.Lines.Should().NotContain(line => line.Text.Contains("the-") || line.Text.Contains("alice") || line.Text.Contains("eyJ"));
    }

    /// <summary>Of the library only.</summary>
    private sealed class LogCollector : ILoggerProvider
    {
        public ConcurrentQueue<(LogLevel Level, string Text)> Lines { get; } = new();

        public ILogger CreateLogger(string categoryName) => new Logger(
            categoryName.StartsWith("JwtRevocation.", StringComparison.Ordinal) && !categoryName.StartsWith("JwtRevocation.Tests.", StringComparison.Ordinal),
            Lines);

        public void Dispose()
        {
        }

        private sealed class Logger(bool isEnabled, ConcurrentQueue<(LogLevel Level, string Text)> lines) : ILogger
        {
            public IDisposable? BeginScope<TState>(TState state)
                where TState : notnull => null;

            public bool IsEnabled(LogLevel logLevel) => isEnabled;

            public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
            {
                if (isEnabled)
                {
                    lines.Enqueue((logLevel, $"{formatter(state, exception)} {exception}"));
                }
            }
        }
    }
}
