using JwtRevocation.Tests;

namespace JwtRevocation.Redis.Tests;

public sealed class RedisOpenConnectionTests : OpenConnectionTests
{
    private protected override Task<SharedServer> StartServerAsync() => SharedServer.StartRedisAsync();

    [Fact]
    public async Task They_end_on_a_node_that_has_not_heard_of_Redis_for_too_long()
    {
        await using RedisServer redis = await RedisServer.StartInUseAsync();
        await using Node node = await Node.StartAsync(redis.Configuration);
        Task open = await node.OpenAsync(TestTokens.Create());

        redis.Stop();

        await open.WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
        (await node.IsUnknownAsync()).Should().BeTrue();
        redis.Continue();
    }
}

public sealed class GarnetOpenConnectionTests : OpenConnectionTests
{
    private protected override Task<SharedServer> StartServerAsync() => SharedServer.StartGarnetAsync();
}

/// <summary>What one node revokes ends the connections of the others.</summary>
public abstract class OpenConnectionTests
{
    private protected abstract Task<SharedServer> StartServerAsync();

    [Fact]
    public async Task They_end_when_another_node_signs_their_user_out()
    {
        await using SharedServer server = await StartServerAsync();
        await using Node one = await Node.StartAsync(server.Configuration);
        await using Node other = await Node.StartAsync(server.Configuration);
        string token = TestTokens.Create();
        Task signedOut = await other.OpenAsync(token);
        Task ofAlice = await other.OpenAsync(TestTokens.Create());
        Task ofBob = await other.OpenAsync(TestTokens.Create(subject: "bob"));

        await one.RevokeAsync(token);
        await signedOut.WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
        ofAlice.IsCompleted.Should().BeFalse();

        await one.Revoker.RevokeAsync(RevocationTarget.Subject(TestTokens.Issuer, "alice"), TestContext.Current.CancellationToken);
        await ofAlice.WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
        ofBob.IsCompleted.Should().BeFalse();
    }
}
