using System.Buffers.Binary;
using System.Buffers.Text;
using CsCheck;
using JwtRevocation.StoreContract;
using Microsoft.Extensions.Time.Testing;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace JwtRevocation.Tests.Stores;

public sealed class InMemoryRevokedTokenStoreContract : RevokedTokenStoreContract
{
    protected override ValueTask<IRevokedTokenStore> CreateStoreAsync() => new(new InMemoryRevokedTokenStore());
}

public sealed class InMemoryRevokedTokenStoreTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static readonly SecurityToken[] Tokens = [.. Enumerable.Range(0, 8).Select(_ =>
        FastToken.Read(TestTokens.Create()))];

    [Fact]
    public void Agrees_with_a_model_that_forgets_nothing() =>
        Gen.Select(
            Gen.OneOf("revoke", "wait"), Gen.Int[0, Tokens.Length - 1], Gen.Int[0, 600])
            .Array[1, 60]
            .Sample(
                steps =>
                {
                    FakeTimeProvider clock = new(Start);
                    using InMemoryRevokedTokenStore store = new(clock);
                    Dictionary<SecurityToken, DateTimeOffset> model = [];
                    foreach ((string step, int which, int seconds) in steps)
                    {
                        if (step == "revoke")
                        {
                            DateTimeOffset expires = clock.GetUtcNow() + TimeSpan.FromSeconds(seconds);
                            Revoke(store, Tokens[which], expires);
                            DateTimeOffset held = model.GetValueOrDefault(Tokens[which]);
                            model[Tokens[which]] = held > expires ? held : expires;
                        }
                        else
                        {
                            clock.Advance(TimeSpan.FromSeconds(seconds));
                        }

                        // A live one is never forgotten; a lapsed one may be.
                        foreach ((SecurityToken token, _) in model.Where(entry => entry.Value >= clock.GetUtcNow()))
                        {
                            store.StatusOf(token).Should().Be(RevocationStatus.Revoked);
                        }
                    }

                    foreach (SecurityToken token in Tokens.Except(model.Keys))
                    {
                        store.StatusOf(token).Should().Be(RevocationStatus.NotRevoked);
                    }

                    // Left alone, it gets rid of everything that lapsed, without a single call.
                    clock.Advance(TimeSpan.FromSeconds(600));
                    clock.Advance(TimeSpan.FromMinutes(1));
                    clock.Advance(TimeSpan.FromMinutes(1));
                    clock.Advance(TimeSpan.FromMinutes(1));
                    store.Count.Should().Be(0);
                },
                iter: 2_000);

    [Fact]
    public void A_clock_that_is_wrong_for_hours_and_set_right_costs_no_live_entry()
    {
        LeapingClock clock = new(Start);
        using InMemoryRevokedTokenStore store = new(clock);
        Revoke(store, Tokens[0], Start + TimeSpan.FromHours(4));

        clock.Offset = TimeSpan.FromDays(365);
        for (int minute = 0; minute < 180; minute++)
        {
            clock.Inner.Advance(TimeSpan.FromMinutes(1));
        }

        clock.Offset = TimeSpan.Zero;
        clock.Inner.Advance(TimeSpan.FromMinutes(3));

        store.StatusOf(Tokens[0]).Should().Be(RevocationStatus.Revoked);
    }

    [Fact]
    public void A_clock_that_stays_ahead_is_believed_in_the_end()
    {
        // It was wrong at the start, say: entries must not stay for good.
        LeapingClock clock = new(Start);
        using InMemoryRevokedTokenStore store = new(clock);
        clock.Offset = TimeSpan.FromDays(365);
        Revoke(store, Tokens[0], Start + TimeSpan.FromDays(365) + TimeSpan.FromHours(1));

        for (int hour = 0; hour < 50; hour++)
        {
            clock.Inner.Advance(TimeSpan.FromHours(1));
        }

        store.Count.Should().Be(0);
    }

    [Fact]
    public async Task Nothing_is_lost_while_it_sweeps_and_shrinks()
    {
        // Waves of short-lived entries make it grow and shrink, while others revoke tokens that must stay, and ask for some.
        FakeTimeProvider clock = new(Start);
        using InMemoryRevokedTokenStore store = new(clock);
        using CancellationTokenSource done = new();
        List<SecurityToken> kept = [.. Enumerable.Range(0, 64).Select(Numbered)];
        kept.ForEach(token => Revoke(store, token, DateTimeOffset.MaxValue));
        RevocableToken[] asked = [.. kept.Select(static token => RevocableToken.TryCreate(token, out RevocableToken revocable) ? revocable : default)];
        Task<int> asking = Task.Run(
            () =>
            {
                int passed = 0;
                while (!done.IsCancellationRequested)
                {
                    foreach (ref readonly RevocableToken token in asked.AsSpan())
                    {
                        passed += store.GetStatus(in token) == RevocationStatus.Revoked ? 0 : 1;
                    }
                }

                return passed;
            },
            TestContext.Current.CancellationToken);
        Task revoking = Task.Run(
            () =>
            {
                while (!done.IsCancellationRequested && kept.Count < 50_000)
                {
                    SecurityToken token = Numbered(kept.Count);
                    Revoke(store, token, DateTimeOffset.MaxValue);
                    kept.Add(token);
                    store.StatusOf(token).Should().Be(RevocationStatus.Revoked);
                }
            },
            TestContext.Current.CancellationToken);

        for (int wave = 0; wave < 5; wave++)
        {
            for (int i = 0; i < 40_000; i++)
            {
                Revoke(store, Numbered(-1 - i), clock.GetUtcNow());
            }

            clock.Advance(TimeSpan.FromMinutes(1));
            clock.Advance(TimeSpan.FromMinutes(1));
            clock.Advance(TimeSpan.FromMinutes(1));
        }

        await done.CancelAsync();
        await revoking;
        (await asking).Should().Be(0, "each of them was revoked before the first wave");
        kept.Should().NotContain(token => store.StatusOf(token) != RevocationStatus.Revoked);
        store.Count.Should().Be(kept.Count);
    }

    [Fact]
    public async Task What_was_said_of_a_token_is_kept_beside_a_sweep()
    {
        // Small stores, so that a sweep comes between the steps of a revocation often enough.
        RevocationTarget[] targets = [.. Enumerable.Range(0, 50).Select(static i => RevocationTarget.Token(Numbered(i)))];
        for (int round = 0; round < 2_000; round++)
        {
            FakeTimeProvider clock = new(Start);
            using InMemoryRevokedTokenStore store = new(clock);
            using ManualResetEventSlim done = new();
            Task sweeping = Task.Run(
                () =>
                {
                    while (!done.IsSet)
                    {
                        clock.Advance(TimeSpan.FromMinutes(1));
                    }
                },
                TestContext.Current.CancellationToken);
            foreach (RevocationTarget target in targets)
            {
                store.Revoke(new() { Target = target, Expires = DateTimeOffset.MaxValue, Reason = "stolen" });
            }

            done.Set();
            await sweeping;
            await foreach (Revocation revocation in store.GetRevocationsAsync(TestContext.Current.CancellationToken))
            {
                revocation.Reason.Should().Be("stolen");
            }
        }
    }

    [Fact]
    public void A_process_that_was_frozen_within_a_sweep_goes_on()
    {
        FreezingClock clock = new(Start);
        using InMemoryRevokedTokenStore store = new(clock);
        clock.FreezesFor = TimeSpan.FromHours(12);

        clock.Inner.Advance(TimeSpan.FromMinutes(1));

        clock.FreezesFor = TimeSpan.Zero;
        Revoke(store, Tokens[0], Start);
        clock.Inner.Advance(TimeSpan.FromHours(1));
        store.Count.Should().Be(0, "it sweeps again");
    }

    [Fact]
    public void A_revocation_of_the_distant_past_is_one_all_the_same()
    {
        using InMemoryRevokedTokenStore store = new(new FakeTimeProvider(Start));
        Revoke(store, Tokens[0], DateTimeOffset.MinValue);

        store.StatusOf(Tokens[0]).Should().Be(RevocationStatus.Revoked, "only the sweep drops it");
    }

    private static void Revoke(InMemoryRevokedTokenStore store, SecurityToken token, DateTimeOffset expires) =>
        store.Revoke(new() { Target = RevocationTarget.Token(token), Expires = expires });

    /// <summary>The token with this number, which is its signature.</summary>
    private static JsonWebToken Numbered(int number)
    {
        Span<byte> signature = stackalloc byte[32];
        signature.Clear();
        BinaryPrimitives.WriteInt32LittleEndian(signature, number);
        return FastToken.Read($"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30.{Base64Url.EncodeToString(signature)}");
    }

    /// <summary>By which all that happens between two looks at it takes some time.</summary>
    private sealed class FreezingClock(DateTimeOffset start) : TimeProvider
    {
        private long _frozen;

        public FakeTimeProvider Inner { get; } = new(start);

        public TimeSpan FreezesFor { get; set; }

        public override DateTimeOffset GetUtcNow() => Inner.GetUtcNow();

        public override long GetTimestamp() => Inner.GetTimestamp() + (_frozen += FreezesFor.Ticks);

        public override long TimestampFrequency => Inner.TimestampFrequency;

        // As those of the system are: not for longer than 49 days.
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            new BoundedTimer(Inner.CreateTimer(callback, state, dueTime, period));

        private sealed class BoundedTimer(ITimer timer) : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period)
            {
                ArgumentOutOfRangeException.ThrowIfGreaterThan(dueTime.TotalMilliseconds, uint.MaxValue - 1);
                return timer.Change(dueTime, period);
            }

            public void Dispose() => timer.Dispose();

            public ValueTask DisposeAsync() => timer.DisposeAsync();
        }
    }

    /// <summary>A wall clock that somebody sets, over time that goes on as ever.</summary>
    private sealed class LeapingClock(DateTimeOffset start) : TimeProvider
    {
        public FakeTimeProvider Inner { get; } = new(start);

        public TimeSpan Offset { get; set; }

        public override DateTimeOffset GetUtcNow() => Inner.GetUtcNow() + Offset;

        public override long GetTimestamp() => Inner.GetTimestamp();

        public override long TimestampFrequency => Inner.TimestampFrequency;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            Inner.CreateTimer(callback, state, dueTime, period);
    }
}
