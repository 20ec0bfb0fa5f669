using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Microsoft.IdentityModel.JsonWebTokens;

namespace JwtRevocation.Tests.Replication;

/// <summary>Single cases that the random schedules do not come to.</summary>
public sealed class ReplicaTests
{
    [Fact]
    public void A_log_that_answers_slowly_is_repaired_all_the_same() => FleetSimulationTests.WithoutContext(() =>
    {
        using SimulatedFleet fleet = new(nodes: 3, seed: 1);
        for (int i = 0; i < 20; i++)
        {
            fleet.Revoke(i, subject: i % 3 == 0);
        }

        fleet.Pass(TimeSpan.FromSeconds(5));
        for (int node = 0; node < 3; node++)
        {
            fleet.Link(node).MostDelay = TimeSpan.FromSeconds(1.5);
        }

        fleet.NoteSurvivors();
        fleet.Log.LoseAll();
        fleet.Pass(TimeSpan.FromMinutes(5));

        fleet.ShouldHaveHealed();
        fleet.Log.Epoch.Should().NotBeNull();
    });

    [Fact]
    public async Task A_clock_that_was_ahead_and_is_set_right_costs_no_revocation()
    {
        FakeTimeProvider clock = new(new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        SimulatedLog log = new(clock, new(1));
        JsonWebToken token = FastToken.Of("""{"iss":"i","sub":"s"}""");
        Revocation revocation = new() { Target = RevocationTarget.Token(token), Expires = clock.GetUtcNow().AddHours(1) };
        log.Append(new(EntryFormat.Write(EntryFormat.Round(revocation, clock.GetUtcNow()))));

        // It starts three hours ahead: to it, the entry has lapsed long ago.
        WrongClock wrong = new(clock) { Ahead = TimeSpan.FromHours(3) };
        await using ServiceProvider services = Services(wrong, new SimulatedLink(log, clock, "node", new(1)) { MostDelay = TimeSpan.Zero });
        IRevokedTokenStore store = services.GetRequiredService<IRevokedTokenStore>();
        await PassAsync(clock, seconds: 90);
        store.StatusOf(token).Should().Be(RevocationStatus.NotRevoked, "it was swept");

        wrong.Ahead = TimeSpan.Zero;
        await PassAsync(clock, seconds: 3);

        store.StatusOf(token).Should().Be(RevocationStatus.Revoked);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_clock_that_was_days_behind_and_is_set_right_costs_no_revocation(bool duringAnOutage)
    {
        FakeTimeProvider clock = new(new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero));
        SimulatedLog log = new(clock, new(1));
        WrongClock wrong = new(clock);
        SimulatedLink link = new(log, clock, "node", new(1)) { MostDelay = TimeSpan.Zero };
        await using ServiceProvider services = Services(wrong, link);
        IRevokedTokenStore store = services.GetRequiredService<IRevokedTokenStore>();
        await PassAsync(clock, seconds: 3);
        wrong.Ahead = TimeSpan.FromDays(-2);
        await PassAsync(clock, seconds: 3);

        // To it, that is so far ahead that it does not believe it.
        Append(log, clock.GetUtcNow(), clock.GetUtcNow());
        await PassAsync(clock, seconds: 3);
        store.StatusOf(OfAlice(clock.GetUtcNow().AddMinutes(-1))).Should().Be(RevocationStatus.NotRevoked);

        wrong.Ahead = TimeSpan.Zero;
        link.IsCut = duringAnOutage;
        await PassAsync(clock, seconds: 3);
        link.IsCut = false;
        await PassAsync(clock, seconds: 3);

        store.StatusOf(OfAlice(clock.GetUtcNow().AddMinutes(-1))).Should().Be(RevocationStatus.Revoked);
    }

    [Fact]
    public async Task A_clock_that_is_days_behind_between_two_reads_costs_no_revocation()
    {
        FakeTimeProvider clock = new(new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero));
        SimulatedLog log = new(clock, new(1));
        WrongClock wrong = new(clock);
        await using ServiceProvider services = Services(wrong, new SimulatedLink(log, clock, "node", new(1)) { MostDelay = TimeSpan.Zero });
        IRevokedTokenStore store = services.GetRequiredService<IRevokedTokenStore>();
        await PassAsync(clock, seconds: 3);

        // No read sees the clock wrong; a hint that comes meanwhile does.
        wrong.Ahead = TimeSpan.FromDays(-2);
        SimulatedLink other = new(log, clock, "other", new(1)) { MostDelay = TimeSpan.Zero };
        await other.AppendAsync([Entry(clock.GetUtcNow(), clock.GetUtcNow())], announce: true, TestContext.Current.CancellationToken);
        store.StatusOf(OfAlice(clock.GetUtcNow().AddDays(-3))).Should().Be(RevocationStatus.Revoked, "the hint has been heard");
        store.StatusOf(OfAlice(clock.GetUtcNow().AddMinutes(-1))).Should().Be(RevocationStatus.NotRevoked, "to this node that is far ahead");
        wrong.Ahead = TimeSpan.Zero;
        await PassAsync(clock, seconds: 3);

        store.StatusOf(OfAlice(clock.GetUtcNow().AddMinutes(-1))).Should().Be(RevocationStatus.Revoked);
    }

    [Fact]
    public async Task A_cutoff_far_ahead_is_not_believed_once_it_is_less_far_ahead()
    {
        FakeTimeProvider clock = new(new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero));
        SimulatedLog log = new(clock, new(1));
        Append(log, clock.GetUtcNow().AddDays(2), clock.GetUtcNow());
        await using ServiceProvider services = Services(clock, new SimulatedLink(log, clock, "node", new(1)) { MostDelay = TimeSpan.Zero });
        IRevokedTokenStore store = services.GetRequiredService<IRevokedTokenStore>();
        await PassAsync(clock, seconds: 3);
        store.StatusOf(OfAlice(clock.GetUtcNow().AddMinutes(-1))).Should().Be(RevocationStatus.Revoked);

        clock.Advance(TimeSpan.FromHours(25));
        await PassAsync(clock, seconds: 3);

        store.StatusOf(OfAlice(clock.GetUtcNow())).Should().Be(RevocationStatus.NotRevoked);
    }

    [Theory]
    [InlineData(10, 1)]
    [InlineData(600, 1)]
    [InlineData(60, 3)]
    public void After_an_outage_nodes_vouch_at_once_and_read_everything_one_by_one(int seconds, int outages) => FleetSimulationTests.WithoutContext(() =>
    {
        using SimulatedFleet fleet = new(nodes: 20, seed: 1);
        fleet.Revoke(at: 0, subject: false);
        fleet.Pass(TimeSpan.FromSeconds(5));
        int before = 0;
        for (int outage = 0; outage < outages; outage++)
        {
            for (int node = 1; node < 20; node++)
            {
                fleet.Link(node).IsCut = true;
            }

            fleet.Revoke(at: 0, subject: false);
            fleet.Pass(TimeSpan.FromSeconds(seconds));
            before = fleet.Log.WholeReads;
            fleet.Heal();
            fleet.Pass(TimeSpan.FromSeconds(2));

            fleet.StatusOfLast().Should().AllBeEquivalentTo(RevocationStatus.Revoked);
            fleet.StatusOfAnotherToken().Should().AllBeEquivalentTo(RevocationStatus.NotRevoked);
            (fleet.Log.WholeReads - before).Should().BeLessThan(5, "they share one log");
        }

        fleet.Pass(TimeSpan.FromSeconds(30));
        (fleet.Log.WholeReads - before).Should().BeInRange(15, 20, "some may have had their turn during a short outage, or have none due");
    });

    [Fact]
    public async Task A_log_that_takes_no_writes_is_not_read_again_and_again()
    {
        FakeTimeProvider clock = new(new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        SimulatedLog log = new(clock, new(1));
        SimulatedLink link = new(log, clock, "node", new(1)) { MostDelay = TimeSpan.Zero };
        await using ServiceProvider services = Services(clock, link);
        IRevokedTokenStore store = services.GetRequiredService<IRevokedTokenStore>();
        Append(log, FastToken.Of("""{"iss":"i","sub":"0"}"""), clock.GetUtcNow());
        await PassAsync(clock, seconds: 3);
        int before = log.WholeReads;

        log.TakesNoWrites = true;
        await RevocationFailsAsync(store, clock);
        await PassAsync(clock, seconds: 180);

        log.WholeReads.Should().Be(before + 1, "once, because it may be another log");
    }

    [Fact]
    public async Task An_outage_while_writes_are_refused_calls_for_a_whole_read_of_its_own()
    {
        FakeTimeProvider clock = new(new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        SimulatedLog log = new(clock, new(1)) { TakesNoWrites = true };
        SimulatedLink link = new(log, clock, "node", new(1)) { MostDelay = TimeSpan.Zero };
        await using ServiceProvider services = Services(clock, link);
        IRevokedTokenStore store = services.GetRequiredService<IRevokedTokenStore>();
        Append(log, FastToken.Of("""{"iss":"i","sub":"0"}"""), clock.GetUtcNow());
        await PassAsync(clock, seconds: 3);
        await RevocationFailsAsync(store, clock);
        await PassAsync(clock, seconds: 70);
        int before = log.WholeReads;

        link.IsCut = true;
        await PassAsync(clock, seconds: 3);
        link.IsCut = false;
        await PassAsync(clock, seconds: 65);

        log.WholeReads.Should().Be(before + 1);
    }

    [Fact]
    public async Task A_log_that_is_full_when_it_can_be_reached_calls_for_the_whole_read_that_finds_what_has_lapsed()
    {
        FakeTimeProvider clock = new(new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        SimulatedLog log = new(clock, new(1)) { TakesNoWrites = true };
        Append(log, FastToken.Of("""{"iss":"i","sub":"0"}"""), clock.GetUtcNow());
        SimulatedLink link = new(log, clock, "node", new(1)) { MostDelay = TimeSpan.Zero, IsCut = true };
        await using ServiceProvider services = Services(clock, link);
        IRevokedTokenStore store = services.GetRequiredService<IRevokedTokenStore>();
        await PassAsync(clock, seconds: 3);
        await RevocationFailsAsync(store, clock);

        link.IsCut = false;
        await PassAsync(clock, seconds: 35);

        log.WholeReads.Should().Be(2, "the first knows of none before its cursor");
    }

    [Fact]
    public async Task A_log_that_is_full_of_what_has_lapsed_is_given_room_and_takes_what_it_refused()
    {
        FakeTimeProvider clock = new(new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        SimulatedLog log = new(clock, new(1));
        log.AppendLapsed(count: 3);
        await using ServiceProvider services = Services(clock, new SimulatedLink(log, clock, "node", new(1)) { MostDelay = TimeSpan.Zero });
        IRevokedTokenStore store = services.GetRequiredService<IRevokedTokenStore>();
        await PassAsync(clock, seconds: 3);

        log.IsFull = true;
        await RevocationFailsAsync(store, clock);
        await PassAsync(clock, seconds: 35);

        log.Count.Should().Be(2, "the last that has lapsed and the new one");
        log.LongLapsed.Should().ContainSingle("positions went on after it");
    }

    [Fact]
    public async Task A_node_of_which_every_other_read_fails_reads_everything_all_the_same()
    {
        FakeTimeProvider clock = new(new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        SimulatedLog log = new(clock, new(1));
        SimulatedLink link = new(log, clock, "node", new(1)) { MostDelay = TimeSpan.Zero };
        await using ServiceProvider services = Services(clock, link);
        services.GetRequiredService<IRevokedTokenStore>();
        Append(log, FastToken.Of("""{"iss":"i","sub":"0"}"""), clock.GetUtcNow());
        await PassAsync(clock, seconds: 3);
        int before = log.WholeReads;

        for (int i = 0; i < 150; i++)
        {
            link.IsCut = !link.IsCut;
            await PassAsync(clock, seconds: 1);
        }

        log.WholeReads.Should().BeInRange(before + 1, before + 10);
    }

    [Fact]
    public async Task What_was_looked_up_before_a_read_is_not_vouched_for_by_it()
    {
        FakeTimeProvider clock = new(new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        SimulatedLog log = new(clock, new(1));
        SimulatedLink link = new(log, clock, "node", new(1)) { MostDelay = TimeSpan.Zero };
        await using ServiceProvider services = Services(clock, link);
        IRevokedTokenStore store = services.GetRequiredService<IRevokedTokenStore>();
        Append(log, clock.GetUtcNow(), clock.GetUtcNow());
        await PassAsync(clock, seconds: 3);
        JsonWebToken token = FastToken.Of("""{"iss":"i","sub":"bob"}""");
        link.IsCut = true;
        Append(log, token, clock.GetUtcNow());
        await PassAsync(clock, seconds: 90);
        store.StatusOf(token).Should().Be(RevocationStatus.Unknown);

        // The lookup of its signature has found nothing. Before that of its claims the thread has to wait, and the outage ends.
        using TokenThatWaits waiting = new(token.EncodedToken);
        var answer = Task.Run(() => store.StatusOf(waiting), TestContext.Current.CancellationToken);
        await waiting.IsAsked.WaitAsync(TestContext.Current.CancellationToken);
        link.IsCut = false;
        await PassAsync(clock, seconds: 5);
        store.StatusOf(token).Should().Be(RevocationStatus.Revoked);
        waiting.GoOn.Release();

        (await answer).Should().Be(RevocationStatus.Unknown);
    }

    [Fact]
    public async Task Entries_that_nobody_announced_do_not_make_a_node_report_for_good_that_it_is_deaf()
    {
        FakeTimeProvider clock = new(new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        SimulatedLog log = new(clock, new(1));
        await using ServiceProvider services = Services(clock, new SimulatedLink(log, clock, "node", new(1)) { MostDelay = TimeSpan.Zero });
        var store = (ReplicatedRevokedTokenStore)services.GetRequiredService<IRevokedTokenStore>();
        await PassAsync(clock, seconds: 3);

        for (int i = 0; i < 4; i++)
        {
            Append(log, FastToken.Of("{}"), clock.GetUtcNow());
        }

        await PassAsync(clock, seconds: 10);
        store.Replica.State.IsDeaf.Should().BeTrue("it cannot tell");
        await PassAsync(clock, seconds: 60);
        store.Replica.State.IsDeaf.Should().BeFalse();
    }

    [Fact]
    public async Task A_listener_to_the_metrics_that_throws_stops_nothing()
    {
        FakeTimeProvider clock = new(new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        SimulatedLink link = new(new(clock, new(1)), clock, "node", new(1)) { MostDelay = TimeSpan.Zero };
        await using ServiceProvider services = Services(clock, link);
        IMeterFactory meters = services.GetRequiredService<IMeterFactory>();
        using MeterListener listener = new()
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (instrument.Meter.Scope == meters)
                {
                    self.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((_, _, _, _) => throw new InvalidOperationException("the listener is broken"));
        listener.Start();
        IRevokedTokenStore store = services.GetRequiredService<IRevokedTokenStore>();

        await PassAsync(clock, seconds: 3);

        store.StatusOf(FastToken.Of("{}")).Should().Be(RevocationStatus.NotRevoked);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_logger_that_throws_does_not_keep_a_node_from_a_log_that_is_new(bool whenAsked)
    {
        FakeTimeProvider clock = new(new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        SimulatedLog log = new(clock, new(1));
        log.LoseAll();
        await using ServiceProvider services = Services(clock, new SimulatedLink(log, clock, "node", new(1)) { MostDelay = TimeSpan.Zero }, new ThrowingLogger(whenAsked));
        IRevokedTokenStore store = services.GetRequiredService<IRevokedTokenStore>();

        await PassAsync(clock, seconds: 15);

        store.StatusOf(FastToken.Of("{}")).Should().Be(RevocationStatus.NotRevoked);
    }

    [Fact]
    public async Task A_logger_that_throws_does_not_make_a_node_deaf_for_good()
    {
        FakeTimeProvider clock = new(new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        SimulatedLink link = new(new(clock, new(1)), clock, "node", new(1)) { IsCut = true, MostDelay = TimeSpan.Zero };
        await using ServiceProvider services = Services(clock, link, new ThrowingLogger());
        var store = (ReplicatedRevokedTokenStore)services.GetRequiredService<IRevokedTokenStore>();
        await PassAsync(clock, seconds: 3);
        store.Replica.FirstAttempt.IsCompleted.Should().BeTrue("the app goes on to start");
        store.StatusOf(FastToken.Of("{}")).Should().Be(RevocationStatus.Unknown);

        link.IsCut = false;
        await PassAsync(clock, seconds: 3);

        store.StatusOf(FastToken.Of("{}")).Should().Be(RevocationStatus.NotRevoked);
    }

    [Fact]
    public void A_container_that_is_disposed_of_without_waiting_does_not_throw()
    {
        FakeTimeProvider clock = new();
        ServiceProvider services = Services(clock, new SimulatedLink(new(clock, new(1)), clock, "node", new(1)));
        services.GetRequiredService<IRevokedTokenStore>();

        Action dispose = services.Dispose;

        dispose.Should().NotThrow();
    }

    private static async Task RevocationFailsAsync(IRevokedTokenStore store, FakeTimeProvider clock)
    {
        Func<Task> revoke = async () => await store.RevokeAsync(
            new() { Target = RevocationTarget.Subject("i", "alice"), Cutoff = clock.GetUtcNow(), Expires = clock.GetUtcNow().AddHours(1) },
            TestContext.Current.CancellationToken);
        await revoke.Should().ThrowAsync<RevocationFailedException>();
    }

    private static void Append(SimulatedLog log, JsonWebToken token, DateTimeOffset now) => log.Append(new(EntryFormat.Write(EntryFormat.Round(
        new() { Target = RevocationTarget.Token(token), Expires = now.AddDays(1) }, now))));

    private static void Append(SimulatedLog log, DateTimeOffset cutoff, DateTimeOffset now) =>
        log.Append(new(Entry(cutoff, now)));

    private static byte[] Entry(DateTimeOffset cutoff, DateTimeOffset now) => EntryFormat.Write(EntryFormat.Round(
        new()
        {
            Target = RevocationTarget.Subject("i", "alice"),
            Cutoff = cutoff,
            AcceptedFrom = new(Cutoffs.NextSecond(cutoff.UtcTicks), TimeSpan.Zero),
            Expires = now.AddYears(1),
        },
        now));

    private static JsonWebToken OfAlice(DateTimeOffset issuedAt) => FastToken.Of($$"""{"iss":"i","sub":"alice","iat":{{issuedAt.ToUnixTimeSeconds()}}}""");

    private static ServiceProvider Services(TimeProvider clock, IRevocationLog log, ILoggerProvider? logger = null)
    {
        ServiceCollection services = new();
        services.AddSingleton(clock);
        services.AddAuthentication().AddJwtBearer();
        services.AddJwtRevocation().AddReplicatedStore(_ => log);
        if (logger is not null)
        {
            services.AddSingleton(logger);
        }

        return services.BuildServiceProvider();
    }

    // Continuations may run on other threads here; each of them is soon done.
    private static async Task PassAsync(FakeTimeProvider clock, int seconds)
    {
        for (int i = 0; i < seconds * 4; i++)
        {
            clock.Advance(TimeSpan.FromMilliseconds(250));
            await Task.Delay(2, TestContext.Current.CancellationToken);
        }
    }

    private sealed class WrongClock(FakeTimeProvider clock) : TimeProvider
    {
        public TimeSpan Ahead { get; set; }

        public override long TimestampFrequency => clock.TimestampFrequency;

        public override DateTimeOffset GetUtcNow() => clock.GetUtcNow() + Ahead;

        public override long GetTimestamp() => clock.GetTimestamp();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            clock.CreateTimer(callback, state, dueTime, period);
    }

    private sealed class TokenThatWaits(string encodedToken) : JsonWebToken(encodedToken), IDisposable
    {
        public SemaphoreSlim IsAsked { get; } = new(0);

        public SemaphoreSlim GoOn { get; } = new(0);

        public override string Issuer
        {
            get
            {
                IsAsked.Release();
                GoOn.Wait();
                return base.Issuer;
            }
        }

        public void Dispose()
        {
            IsAsked.Dispose();
            GoOn.Dispose();
        }
    }

    private sealed class ThrowingLogger(bool whenAsked = false) : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => whenAsked ? throw new IOException("disk full") : true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            throw new IOException("disk full");

        public void Dispose()
        {
        }
    }
}
