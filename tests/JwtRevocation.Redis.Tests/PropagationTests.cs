using JwtRevocation.Tests;

namespace JwtRevocation.Redis.Tests;

public sealed class RedisPropagationTests : PropagationTests
{
    private protected override Task<SharedServer> StartServerAsync() => SharedServer.StartRedisAsync();
}

public sealed class GarnetPropagationTests : PropagationTests
{
    private protected override Task<SharedServer> StartServerAsync() => SharedServer.StartGarnetAsync();
}

/// <summary>What one node revokes, the others refuse.</summary>
public abstract class PropagationTests
{
    private protected abstract Task<SharedServer> StartServerAsync();

    [Fact]
    public async Task A_sign_out_on_one_node_is_refused_by_the_other_at_once()
    {
        await using SharedServer server = await StartServerAsync();
        await using Node one = await Node.StartAsync(server.Configuration, options => Slow(options));
        await using Node other = await Node.StartAsync(server.Configuration, options => Slow(options));
        string token = TestTokens.Create();
        (await other.AcceptsAsync(token)).Should().BeTrue();

        await one.RevokeAsync(token);

        // Far sooner than the next poll, so by a hint.
        await Eventually.Async(() => other.RefusesAsync(token), "the other node refuses the token", TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task A_node_that_starts_later_knows_what_was_revoked_before()
    {
        await using SharedServer server = await StartServerAsync();
        string token = TestTokens.Create();
        await using (Node one = await Node.StartAsync(server.Configuration))
        {
            await one.RevokeAsync(token);
        }

        await using Node other = await Node.StartAsync(server.Configuration);

        (await other.RefusesAsync(token)).Should().BeTrue("it started with a complete memory");
        (await other.IsReadyAsync()).Should().BeTrue();
    }

    [Fact]
    public async Task Groups_sparing_and_remarks_are_shared_as_well()
    {
        await using SharedServer server = await StartServerAsync();
        await using Node one = await Node.StartAsync(server.Configuration);
        await using Node other = await Node.StartAsync(server.Configuration);
        string spared = TestTokens.Create(configure: token => token.Claims["sid"] = "this");
        string ended = TestTokens.Create(configure: token => token.Claims["sid"] = "that");

        await one.Revoker.RevokeAsync(
            RevocationTarget.Subject(TestTokens.Issuer, "alice"),
            new() { Except = RevocationTarget.Session(TestTokens.Issuer, "this"), Reason = "stolen phone", Actor = "alice" },
            TestContext.Current.CancellationToken);

        await Eventually.Async(() => other.RefusesAsync(ended), "the other node refuses the session that was not spared");
        (await other.AcceptsAsync(spared)).Should().BeTrue();
        Revocation listed = await other.Store.GetRevocationsAsync(TestContext.Current.CancellationToken).SingleAsync(TestContext.Current.CancellationToken);
        (listed.Reason, listed.Actor, listed.Except).Should().Be(("stolen phone", "alice", RevocationTarget.Session(TestTokens.Issuer, "this")));
    }

    private static void Slow(RedisStoreOptions options)
    {
        options.PollInterval = TimeSpan.FromSeconds(15);
        options.MaxStaleness = TimeSpan.FromSeconds(60);
    }
}
