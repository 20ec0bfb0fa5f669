using Microsoft.IdentityModel.Tokens;

namespace JwtRevocation.StoreContract;

/// <summary>What every store owes the library. Derive from it, make your store, and run the tests.</summary>
public abstract class RevokedTokenStoreContract
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>A store with nothing in it, that works. It is disposed of after the test if it can be.</summary>
    /// <returns>The store.</returns>
    protected abstract ValueTask<IRevokedTokenStore> CreateStoreAsync();

    [Fact]
    public Task A_token_that_nobody_revoked_is_not_revoked() => WithStore(async store =>
    {
        await store.RevokeAsync(RevocationOf(await ContractToken.ValidatedAsync()), CancellationToken.None);

        Assert.Equal(RevocationStatus.NotRevoked, StatusOf(store, await ContractToken.ValidatedAsync()));
    });

    [Fact]
    public Task A_token_is_revoked_once_RevokeAsync_has_completed() => WithStore(async store =>
    {
        SecurityToken token = await ContractToken.ValidatedAsync();

        await store.RevokeAsync(RevocationOf(token), CancellationToken.None);

        Assert.Equal(RevocationStatus.Revoked, StatusOf(store, token));
    });

    [Fact]
    public Task Revoking_twice_does_no_harm() => WithStore(async store =>
    {
        SecurityToken token = await ContractToken.ValidatedAsync();

        await store.RevokeAsync(RevocationOf(token), CancellationToken.None);
        await store.RevokeAsync(RevocationOf(token), CancellationToken.None);

        Assert.Equal(RevocationStatus.Revoked, StatusOf(store, token));
    });

    [Fact]
    public Task A_shorter_revocation_does_not_weaken_an_earlier_one() => WithStore(async store =>
    {
        SecurityToken token = await ContractToken.ValidatedAsync();
        await store.RevokeAsync(RevocationOf(token, Start + TimeSpan.FromDays(36500)), CancellationToken.None);

        RevocationReceipt receipt = await store.RevokeAsync(RevocationOf(token, Start), CancellationToken.None);

        Assert.True(receipt.Expires >= Start + TimeSpan.FromDays(36500), $"Kept until {receipt.Expires:O} only.");
        Assert.Equal(RevocationStatus.Revoked, StatusOf(store, token));
    });

    [Fact]
    public Task The_receipt_promises_at_least_what_was_asked() => WithStore(async store =>
    {
        SecurityToken token = await ContractToken.ValidatedAsync();

        RevocationReceipt receipt = await store.RevokeAsync(RevocationOf(token, DateTimeOffset.MaxValue), CancellationToken.None);

        Assert.Equal(DateTimeOffset.MaxValue, receipt.Expires);
    });

    [Fact]
    public Task Every_kind_of_target_ends_the_tokens_that_it_names_and_no_others() => WithStore(async store =>
    {
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        Dictionary<string, object> claims = new()
        {
            ["iss"] = "https://issuer",
            ["sub"] = "alice",
            ["jti"] = "1",
            ["sid"] = "s",
            ["client_id"] = "app",
            ["tenant"] = 42,
            ["iat"] = Seconds(now) - 60,
        };
        foreach (RevocationTarget target in new[]
        {
            RevocationTarget.TokenId("https://issuer", "1"),
            RevocationTarget.Session("https://issuer", "s"),
            RevocationTarget.Subject("https://issuer", "alice"),
            RevocationTarget.Client("https://issuer", "app"),
            RevocationTarget.Claim("https://issuer", "tenant", "42"),
            RevocationTarget.IssuedBy("https://issuer"),
            RevocationTarget.Everything,
        })
        {
            IRevokedTokenStore fresh = await CreateStoreAsync();
            SecurityToken token = await ContractToken.ValidatedAsync(claims);
            SecurityToken another = await ContractToken.ValidatedAsync(new()
            {
                ["iss"] = "https://other",
                ["sub"] = "alice",
                ["jti"] = "1",
                ["sid"] = "s",
                ["client_id"] = "app",
                ["tenant"] = 42,
                ["iat"] = Seconds(now) - 60,
            });

            await fresh.RevokeAsync(RevocationOf(target), CancellationToken.None);

            Assert.Equal(RevocationStatus.Revoked, StatusOf(fresh, token));
            Assert.Equal(target.Kind == RevocationTargetKind.Everything ? RevocationStatus.Revoked : RevocationStatus.NotRevoked, StatusOf(fresh, another));
            await DisposeAsync(fresh);
        }
    });

    [Fact]
    public Task A_group_revocation_ends_at_its_cutoff_and_its_receipt_says_which_second_is_accepted() => WithStore(async store =>
    {
        DateTimeOffset cutoff = DateTimeOffset.FromUnixTimeSeconds(Seconds(TimeProvider.System.GetUtcNow()) - 100) + TimeSpan.FromMilliseconds(500);
        RevocationReceipt receipt = await store.RevokeAsync(RevocationOf(RevocationTarget.Subject("", "alice"), cutoff: cutoff, signsNewToken: true), CancellationToken.None);

        Assert.Equal(DateTimeOffset.FromUnixTimeSeconds(Seconds(cutoff) + 1), receipt.AcceptedFrom);
        Assert.Equal(RevocationStatus.Revoked, StatusOf(store, await Alice(Seconds(cutoff))));
        Assert.Equal(RevocationStatus.NotRevoked, StatusOf(store, await Alice(Seconds(cutoff) + 1)));
        Assert.Equal(RevocationStatus.Revoked, StatusOf(store, await Alice(Seconds(cutoff) + 0.4)));
        Assert.Equal(RevocationStatus.NotRevoked, StatusOf(store, await Alice(Seconds(cutoff) + 0.6)));
        Assert.Equal(RevocationStatus.Revoked, StatusOf(store, await ContractToken.ValidatedAsync(new() { ["sub"] = "alice" })));

        static Task<SecurityToken> Alice(object issuedAt) => ContractToken.ValidatedAsync(new() { ["sub"] = "alice", ["iat"] = issuedAt });
    });

    [Fact]
    public Task A_receipt_holds_and_the_next_revocation_catches_what_it_allowed() => WithStore(async store =>
    {
        SecurityToken? last = null;
        for (int i = 0; i < 20; i++)
        {
            RevocationReceipt receipt = await store.RevokeAsync(RevocationOf(RevocationTarget.Subject("", "alice"), signsNewToken: true), CancellationToken.None);
            if (last is not null)
            {
                Assert.Equal(RevocationStatus.Revoked, StatusOf(store, last));
            }

            last = await ContractToken.ValidatedAsync(new() { ["sub"] = "alice", ["iat"] = Seconds(receipt.AcceptedFrom!.Value) });
            Assert.Equal(RevocationStatus.NotRevoked, StatusOf(store, last));
        }
    });

    [Fact]
    public Task A_spared_session_goes_on_until_a_revocation_does_not_spare_it() => WithStore(async store =>
    {
        SecurityToken here = await ContractToken.ValidatedAsync(new() { ["sub"] = "alice", ["sid"] = "here", ["iat"] = 1 });
        SecurityToken there = await ContractToken.ValidatedAsync(new() { ["sub"] = "alice", ["sid"] = "there", ["iat"] = 1 });

        await store.RevokeAsync(RevocationOf(RevocationTarget.Subject("", "alice"), except: RevocationTarget.Session("", "here")), CancellationToken.None);
        Assert.Equal(RevocationStatus.NotRevoked, StatusOf(store, here));
        Assert.Equal(RevocationStatus.Revoked, StatusOf(store, there));

        // A later one that spares the other does not bring it back, and ends this one.
        await store.RevokeAsync(RevocationOf(RevocationTarget.Subject("", "alice"), except: RevocationTarget.Session("", "there")), CancellationToken.None);
        Assert.Equal(RevocationStatus.Revoked, StatusOf(store, here));
        Assert.Equal(RevocationStatus.Revoked, StatusOf(store, there));
    });

    [Fact]
    public Task By_auth_time_a_token_that_was_refreshed_since_is_revoked_too() => WithStore(async store =>
    {
        long now = Seconds(TimeProvider.System.GetUtcNow());
        SecurityToken refreshed = await ContractToken.ValidatedAsync(new() { ["sub"] = "alice", ["auth_time"] = now - 100, ["iat"] = now + 100 });
        SecurityToken signedInAgain = await ContractToken.ValidatedAsync(new() { ["sub"] = "alice", ["auth_time"] = now + 100, ["iat"] = now + 100 });

        await store.RevokeAsync(RevocationOf(RevocationTarget.Subject("", "alice"), byAuthenticationTime: true), CancellationToken.None);

        Assert.Equal(RevocationStatus.Revoked, StatusOf(store, refreshed));
        Assert.Equal(RevocationStatus.NotRevoked, StatusOf(store, signedInAgain));
    });

    [Fact]
    public Task What_is_listed_makes_another_store_decide_alike_in_any_order_and_twice() => WithStore(async store =>
    {
        SecurityToken token = await ContractToken.ValidatedAsync();
        await store.RevokeAsync(RevocationOf(token), CancellationToken.None);
        await store.RevokeAsync(
            new()
            {
                Target = RevocationTarget.Subject("", "alice"),
                Expires = DateTimeOffset.MaxValue,
                Except = RevocationTarget.Session("", "here"),
                Reason = "a stolen phone",
                Actor = "bob",
            },
            CancellationToken.None);
        List<Revocation> listed = [];
        await foreach (Revocation revocation in store.GetRevocationsAsync(CancellationToken.None))
        {
            listed.Add(revocation);
        }

        Revocation subject = Assert.Single(listed, revocation => revocation.Target.Kind == RevocationTargetKind.Subject);
        Assert.Equal(("a stolen phone", "bob"), (subject.Reason, subject.Actor));
        Assert.NotNull(subject.Cutoff);

        IRevokedTokenStore other = await CreateStoreAsync();
        foreach (Revocation revocation in Enumerable.Reverse(listed).Concat(listed))
        {
            await other.RevokeAsync(revocation, CancellationToken.None);
        }

        foreach (SecurityToken each in new[]
        {
            token,
            await ContractToken.ValidatedAsync(),
            await ContractToken.ValidatedAsync(new() { ["sub"] = "alice", ["sid"] = "here", ["iat"] = 1 }),
            await ContractToken.ValidatedAsync(new() { ["sub"] = "alice", ["sid"] = "there", ["iat"] = 1 }),
        })
        {
            Assert.Equal(StatusOf(store, each), StatusOf(other, each));
        }

        await DisposeAsync(other);
    });

    [Fact]
    public Task A_cancelled_call_throws_and_the_store_goes_on() => WithStore(async store =>
    {
        SecurityToken token = await ContractToken.ValidatedAsync();
        using CancellationTokenSource cancelled = new();
        await cancelled.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            async () => await store.RevokeAsync(RevocationOf(token), cancelled.Token));

        await store.RevokeAsync(RevocationOf(token), CancellationToken.None);
        Assert.Equal(RevocationStatus.Revoked, StatusOf(store, token));
    });

    [Fact]
    public Task Asking_allocates_nothing() => WithStore(async store =>
    {
        SecurityToken revoked = await ContractToken.ValidatedAsync();
        SecurityToken other = await ContractToken.ValidatedAsync();
        await store.RevokeAsync(RevocationOf(revoked), CancellationToken.None);

        // Once more after the first round, in which code may still be compiled.
        long allocated = 0;
        for (int round = 0; round < 2; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 10_000; i++)
            {
                StatusOf(store, revoked);
                StatusOf(store, other);
            }

            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        }

        Assert.True(allocated < 10_000, $"{allocated} bytes for 20,000 calls.");
    });

    [Fact]
    public Task Many_threads_may_revoke_and_ask_at_once() => WithStore(async store =>
    {
        SecurityToken[] tokens = await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => ContractToken.ValidatedAsync()));

        await Parallel.ForEachAsync(tokens, async (token, cancellationToken) =>
        {
            Assert.Equal(RevocationStatus.NotRevoked, StatusOf(store, token));
            await store.RevokeAsync(RevocationOf(token), cancellationToken);
            Assert.Equal(RevocationStatus.Revoked, StatusOf(store, token));
        });

        Assert.All(tokens, token => Assert.Equal(RevocationStatus.Revoked, StatusOf(store, token)));
    });

    private static Revocation RevocationOf(SecurityToken token, DateTimeOffset? expires = null) => new()
    {
        Target = RevocationTarget.Token(token),
        Expires = expires ?? DateTimeOffset.MaxValue,
    };

    private static Revocation RevocationOf(
        RevocationTarget target, RevocationTarget? except = null, DateTimeOffset? cutoff = null, bool byAuthenticationTime = false, bool signsNewToken = false) => new()
        {
            Target = target,
            Expires = DateTimeOffset.MaxValue,
            Except = except,
            Cutoff = cutoff,
            ByAuthenticationTime = byAuthenticationTime,
            SignsNewToken = signsNewToken,
        };

    private static long Seconds(DateTimeOffset time) => time.ToUnixTimeSeconds();

    private static RevocationStatus StatusOf(IRevokedTokenStore store, SecurityToken token)
    {
        Assert.True(RevocableToken.TryCreate(token, out RevocableToken revocable));
        return store.GetStatus(in revocable);
    }

    private async Task WithStore(Func<IRevokedTokenStore, Task> test)
    {
        IRevokedTokenStore store = await CreateStoreAsync();
        try
        {
            await test(store);
        }
        finally
        {
            await DisposeAsync(store);
        }
    }

    private static async ValueTask DisposeAsync(IRevokedTokenStore store)
    {
        if (store is IAsyncDisposable asyncDisposable)
        {
            await asyncDisposable.DisposeAsync();
        }
        else
        {
            (store as IDisposable)?.Dispose();
        }
    }
}
