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
}
