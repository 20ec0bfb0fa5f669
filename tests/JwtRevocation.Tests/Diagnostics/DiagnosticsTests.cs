using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace JwtRevocation.Tests.Diagnostics;

public sealed class DiagnosticsTests
{
    [Fact]
    public async Task Metrics_count_checks_by_outcome_revocations_and_entries()
    {
        await using TestApi api = await TestApi.StartAsync();
        using MetricReader metrics = new(api.Services.GetRequiredService<IMeterFactory>());
        string token = TestTokens.Create();
        await api.StatusAsync(token);
        using HttpResponseMessage signOut = await api.SignOutAsync(token);
        await api.StatusAsync(token);

        metrics.Read().Should().BeEquivalentTo(new Dictionary<string, long>
        {
            ["jwt_revocation.checks not_revoked"] = 2,
            ["jwt_revocation.checks revoked"] = 1,
            ["jwt_revocation.revocations stored"] = 1,
            ["jwt_revocation.entries "] = 1,
        });
    }

    [Fact]
    public async Task Metrics_count_what_is_unknown_and_what_failed()
    {
        await using TestApi api = await TestApi.StartAsync(revocation: builder => builder.AddStore<FaultyStore>());
        FaultyStore store = (FaultyStore)api.Services.GetRequiredService<IRevokedTokenStore>();
        using MetricReader metrics = new(api.Services.GetRequiredService<IMeterFactory>());
        store.RevokeFails = true;
        using HttpResponseMessage signOut = await api.SignOutAsync(TestTokens.Create());
        store.Fault = Fault.Throws;
        await api.StatusAsync(TestTokens.Create());

        metrics.Read().Should().BeEquivalentTo(new Dictionary<string, long>
        {
            ["jwt_revocation.checks not_revoked"] = 1,
            ["jwt_revocation.checks unknown"] = 1,
            ["jwt_revocation.revocations failed"] = 1,
        });
    }

    [Fact]
    public async Task A_token_with_a_forged_signature_is_not_counted()
    {
        await using TestApi api = await TestApi.StartAsync();
        using MetricReader metrics = new(api.Services.GetRequiredService<IMeterFactory>());
        string token = TestTokens.Create(credentials: new(
            new Microsoft.IdentityModel.Tokens.SymmetricSecurityKey(new byte[64]) { KeyId = "unknown" }, "HS256"));
        (await api.StatusAsync(token)).Should().Be(HttpStatusCode.Unauthorized);

        metrics.Read().Where(metric => metric.Value != 0).Should().BeEmpty();
    }

    [Fact]
    public async Task No_log_line_of_the_library_holds_anything_of_a_token()
    {
        LogCollector logs = new();
        FakeTimeProvider clock = new(TimeProvider.System.GetUtcNow());
        await using TestApi api = await TestApi.StartAsync(
            revocation: builder => builder.AddStore<FaultyStore>(),
            services: services =>
            {
                services.AddSingleton<TimeProvider>(clock);
                services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Trace).AddProvider(logs));
            });
        FaultyStore store = (FaultyStore)api.Services.GetRequiredService<IRevokedTokenStore>();
        string token = TestTokens.Create();
        using HttpResponseMessage signOut = await api.SignOutAsync(token);
        await api.StatusAsync(token);
        store.RevokeFails = true;
        using HttpResponseMessage failed = await api.SignOutAsync(TestTokens.Create());
        store.Fault = Fault.Throws;
        await api.StatusAsync(token);
        await api.StatusAsync(token);
        store.Fault = Fault.None;
        await api.StatusAsync(token);
        store.Fault = Fault.Throws;
        await api.StatusAsync(token);
        store.Fault = Fault.None;
        clock.Advance(TimeSpan.FromSeconds(10));
        await api.StatusAsync(token);

        logs.Lines.Where(line => line.Category.StartsWith("JwtRevocation", StringComparison.Ordinal)).Select(line => line.EventId)
            .Should().Equal(4, 1, 5, 2, 1, 3, 1);
        string jti = new Microsoft.IdentityModel.JsonWebTokens.JsonWebToken(token).Id;
        TokenFingerprint.TryCreate(new Microsoft.IdentityModel.JsonWebTokens.JsonWebToken(token), out TokenFingerprint fingerprint);
        foreach (string secret in token.Split('.')[1..].Append(jti).Append(fingerprint.ToString()))
        {
            logs.Lines.Should().NotContain(line => line.Category.StartsWith("JwtRevocation", StringComparison.Ordinal) && line.Text.Contains(secret));
        }
    }

    [Fact]
    public async Task Nothing_is_logged_above_Debug_for_a_request()
    {
        LogCollector logs = new();
        await using TestApi api = await TestApi.StartAsync(
            services: services => services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Information).AddProvider(logs)));
        string token = TestTokens.Create();
        await api.StatusAsync(token);
        await api.Revoker.RevokeAsync(token, TestContext.Current.CancellationToken);
        int before = logs.Lines.Count(line => line.Category.StartsWith("JwtRevocation", StringComparison.Ordinal));
        await api.StatusAsync(token);

        logs.Lines.Count(line => line.Category.StartsWith("JwtRevocation", StringComparison.Ordinal)).Should().Be(before);
    }

    private sealed class MetricReader : IDisposable
    {
        private readonly MeterListener _listener = new();
        private readonly ConcurrentDictionary<string, long> _values = new();

        public MetricReader(IMeterFactory factory)
        {
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Name == JwtRevocationDefaults.MeterName && instrument.Meter.Scope == factory)
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            };
            _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Record(instrument, value, tags));
            _listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Record(instrument, value, tags));
            _listener.Start();
        }

        public ConcurrentDictionary<string, long> Read()
        {
            _listener.RecordObservableInstruments();
            return _values;
        }

        public void Dispose() => _listener.Dispose();

        private void Record(Instrument instrument, long value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            string name = $"{instrument.Name} {(tags.IsEmpty ? "" : tags[0].Value)}";
            _values.AddOrUpdate(name, value, (_, sum) => instrument.IsObservable ? value : sum + value);
        }
    }

    private sealed class LogCollector : ILoggerProvider
    {
        public ConcurrentQueue<(string Category, int EventId, string Text)> Lines { get; } = new();

        public ILogger CreateLogger(string categoryName) => new Logger(categoryName, Lines);

        public void Dispose()
        {
        }

        private sealed class Logger(string category, ConcurrentQueue<(string, int, string)> lines) : ILogger
        {
            public IDisposable? BeginScope<TState>(TState state)
                where TState : notnull => null;

            public bool IsEnabled(LogLevel logLevel) => true;

            public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
                lines.Enqueue((category, eventId.Id, $"{formatter(state, exception)} {exception}"));
        }
    }
}
