using System.Net;
using System.Net.WebSockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace JwtRevocation.Tests.Connections;

/// <summary>What the look at all connections every second is for.</summary>
public sealed class StoreAndClockTests : IDisposable
{
    private readonly FakeTimeProvider _clock = new(TimeProvider.System.GetUtcNow());
    private readonly FaultyStore _store = new();

    [Fact]
    public async Task A_store_that_announces_nothing_is_asked()
    {
        await using ConnectedApi api = await StartAsync();
        string token = TestTokens.Create();
        using WebSocket socket = await api.OpenSocketAsync(token);
        using WebSocket other = await api.OpenSocketAsync(TestTokens.Create(subject: "bob"));

        await api.Revoker.RevokeAsync(token, TestContext.Current.CancellationToken);
        _clock.Advance(TimeSpan.FromSeconds(1));

        await Expect.ToEndAsync(socket);
        await Expect.ToLiveAsync(other);
    }

    [Theory]
    [InlineData(Fault.Unknown)]
    [InlineData(Fault.Throws)]
    public async Task While_the_store_cannot_say_connections_end_as_requests_are_refused(Fault fault)
    {
        await using ConnectedApi api = await StartAsync();
        using WebSocket socket = await api.OpenSocketAsync(TestTokens.Create());

        _store.Fault = fault;
        _clock.Advance(TimeSpan.FromSeconds(1));

        await Expect.ToEndAsync(socket);
    }

    [Fact]
    public async Task Or_they_stay_if_requests_are_let_through()
    {
        await using ConnectedApi api = await StartAsync(options => options.WhenUnavailable = WhenUnavailable.Allow);
        using WebSocket socket = await api.OpenSocketAsync(TestTokens.Create());
        string token = TestTokens.Create();
        using WebSocket revoked = await api.OpenSocketAsync(token);

        _store.Fault = Fault.Unknown;
        _clock.Advance(TimeSpan.FromSeconds(1));
        _store.Fault = Fault.None;
        await api.Revoker.RevokeAsync(token, TestContext.Current.CancellationToken);
        _clock.Advance(TimeSpan.FromSeconds(1));

        await Expect.ToEndAsync(revoked);
        await Expect.ToLiveAsync(socket);
    }

    [Fact]
    public async Task A_token_that_expires_ends_its_connection_only_where_that_was_asked_for()
    {
        await using ConnectedApi api = await ConnectedApi.StartAsync(
            services => services.AddSingleton<TimeProvider>(_clock),
            app => app.MapGet("/until-expiration", OpenEndpoint.WaitAsync).RequireAuthorization().EndOnRevocation(orExpiration: true));
        DateTimeOffset expires = _clock.GetUtcNow().AddMinutes(10);
        string token = TestTokens.Create(expires: expires);
        await using Stream untilExpiration = await api.OpenEventsAsync(token, "/until-expiration");
        using WebSocket socket = await api.OpenSocketAsync(token);
        string later = TestTokens.Create(expires: expires.AddMinutes(1));
        await using Stream another = await api.OpenEventsAsync(later, "/until-expiration");

        // A new request would be accepted until the skew has passed too.
        _clock.Advance(TimeSpan.FromMinutes(15) + TimeSpan.FromSeconds(1));

        await Expect.ToEndAsync(untilExpiration);
        await Expect.ToLiveAsync(socket);
        _clock.Advance(TimeSpan.FromMinutes(1));
        await Expect.ToEndAsync(another);
        await Expect.ToLiveAsync(socket);
    }

    [Fact]
    public async Task A_token_does_not_expire_where_its_scheme_does_not_look_at_that()
    {
        await using ConnectedApi api = await ConnectedApi.StartAsync(
            endpoints: app => app.MapGet("/until-expiration", () => "").RequireAuthorization().EndOnRevocation(orExpiration: true),
            bearer: bearer => bearer.TokenValidationParameters.ValidateLifetime = false);

        (await api.StatusAsync(TestTokens.Create(expires: TimeProvider.System.GetUtcNow().AddDays(-1)), "/until-expiration")).Should().Be(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_token_without_an_end_never_expires()
    {
        await using ConnectedApi api = await ConnectedApi.StartAsync(
            services => services.AddSingleton<TimeProvider>(_clock),
            app => app.MapGet("/until-expiration", OpenEndpoint.WaitAsync).RequireAuthorization().EndOnRevocation(orExpiration: true),
            bearer: bearer => bearer.TokenValidationParameters.RequireExpirationTime = false);
        string endless = TestTokens.Create(configure: token => token.Expires = null);
        await using Stream open = await api.OpenEventsAsync(endless, "/until-expiration");
        await using Stream ends = await api.OpenEventsAsync(TestTokens.Create(expires: _clock.GetUtcNow().AddMinutes(10)), "/until-expiration");

        _clock.Advance(TimeSpan.FromDays(1));

        await Expect.ToEndAsync(ends);
        await api.Revoker.RevokeAsync(endless, TestContext.Current.CancellationToken);
        await Expect.ToEndAsync(open);
    }

    [Fact]
    public async Task A_store_that_takes_longer_than_that_is_not_looked_at_twice_at_once()
    {
        using SlowStore store = new();
        TickingClock clock = new();
        await using ConnectedApi api = await ConnectedApi.StartAsync(
            services => services.AddSingleton<TimeProvider>(clock), revocation: builder => builder.AddStore(_ => store));
        using WebSocket socket = await api.OpenSocketAsync(TestTokens.Create());
        store.Hold();
        var look = Task.Run(clock.Tick, TestContext.Current.CancellationToken);
        await store.IsAsked.WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);

        await Task.Run(clock.Tick, TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);

        look.IsCompleted.Should().BeFalse();
        store.Release();
        await look;
        await Expect.ToLiveAsync(socket);
    }

    public void Dispose() => _store.Dispose();

    private Task<ConnectedApi> StartAsync(Action<JwtRevocationOptions>? options = null) => ConnectedApi.StartAsync(
        services => services.AddSingleton<TimeProvider>(_clock),
        options: options,
        revocation: builder => builder.AddStore(_ => _store));

    private sealed class SlowStore : IRevokedTokenStore, IDisposable
    {
        private readonly ManualResetEventSlim _isReleased = new(initialState: true);
        private readonly TaskCompletionSource _isAsked = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task IsAsked => _isAsked.Task;

        public void Hold() => _isReleased.Reset();

        public void Release() => _isReleased.Set();

        public RevocationStatus GetStatus(in RevocableToken token)
        {
            if (!_isReleased.IsSet)
            {
                _isAsked.TrySetResult();
                _isReleased.Wait(TimeSpan.FromMinutes(2));
            }

            return RevocationStatus.NotRevoked;
        }

        public ValueTask<RevocationReceipt> RevokeAsync(Revocation revocation, CancellationToken cancellationToken) => throw new NotSupportedException();

        public IAsyncEnumerable<Revocation> GetRevocationsAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

        public void Dispose() => _isReleased.Dispose();
    }

    /// <summary>Whose every second is at the test's command, and does not wait for the one before.</summary>
    private sealed class TickingClock : TimeProvider
    {
        private Action _tick = () => { };

        public void Tick() => _tick();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            if (period != TimeSpan.FromSeconds(1))
            {
                return base.CreateTimer(callback, state, dueTime, period);
            }

            _tick = () => callback(state);
            return base.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }
}
