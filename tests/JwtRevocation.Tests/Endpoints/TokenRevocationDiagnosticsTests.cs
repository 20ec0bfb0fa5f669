using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.JsonWebTokens;

namespace JwtRevocation.Tests.Endpoints;

public sealed class TokenRevocationDiagnosticsTests
{
    [Fact]
    public async Task Requests_are_counted_by_outcome()
    {
        await using TestApi api = await TokenRevocationApi.StartAsync();
        ConcurrentDictionary<string, long> counts = [];
        using MeterListener listener = new();
        IMeterFactory factory = api.Services.GetRequiredService<IMeterFactory>();
        listener.InstrumentPublished = (instrument, meters) =>
        {
            if (instrument.Meter.Scope == factory && instrument.Name == "jwt_revocation.revocation_requests")
            {
                meters.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((_, value, tags, _) => counts.AddOrUpdate((string)tags[0].Value!, value, (_, sum) => sum + value));
        listener.Start();

        await EveryOutcomeAsync(api, TokenRevocationApi.TokenOf("app"), TokenRevocationApi.TokenOf("another"));

        counts.Should().BeEquivalentTo(new Dictionary<string, long>
        {
            ["revoked"] = 1,
            ["invalid_token"] = 1,
            ["invalid_request"] = 1,
            ["invalid_grant"] = 1,
            ["unsupported_token_type"] = 1,
            ["unavailable"] = 1,
        });
    }

    [Fact]
    public async Task No_log_line_of_the_library_holds_anything_of_a_token()
    {
        LogCollector logs = new();
        await using TestApi api = await TokenRevocationApi.StartAsync(
            services: services => services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Trace).AddProvider(logs)));
        string token = TokenRevocationApi.TokenOf("app");
        string another = TokenRevocationApi.TokenOf("another");

        await EveryOutcomeAsync(api, token, another);

        logs.Lines.Select(line => line.EventId).Should().Equal(5, 4, 20, 21, 21, 21);
        foreach (string secret in new[] { token, another }.SelectMany(text => text.Split('.')[1..].Append(new JsonWebToken(text).Id)).Append("nonsense"))
        {
            logs.Lines.Should().NotContain(line => line.Text.Contains(secret));
        }
    }

    private static async Task EveryOutcomeAsync(TestApi api, string token, string another)
    {
        api.Store().RevokeFails = true;
        (await api.RevokeAsync(token)).Dispose();
        api.Store().RevokeFails = false;
        (await api.RevokeAsync(token)).Dispose();
        (await api.RevokeAsync("nonsense")).Dispose();
        (await api.RevokeAsync("nonsense", "refresh_token")).Dispose();
        (await api.RevokeAsync(another)).Dispose();
        (await api.PostAsync("")).Dispose();
    }

    private sealed class LogCollector : ILoggerProvider
    {
        public ConcurrentQueue<(int EventId, string Text)> Lines { get; } = new();

        public ILogger CreateLogger(string categoryName) => new Logger(
            categoryName.StartsWith("JwtRevocation.", StringComparison.Ordinal) && !categoryName.StartsWith("JwtRevocation.Tests.", StringComparison.Ordinal),
            Lines);

        public void Dispose()
        {
        }

        private sealed class Logger(bool ours, ConcurrentQueue<(int, string)> lines) : ILogger
        {
            public IDisposable? BeginScope<TState>(TState state)
                where TState : notnull => null;

            public bool IsEnabled(LogLevel logLevel) => ours;

            public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
            {
                if (ours)
                {
                    lines.Enqueue((eventId.Id, $"{formatter(state, exception)} {exception}"));
                }
            }
        }
    }
}
