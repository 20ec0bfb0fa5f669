using System.Net;
using JwtRevocation.Tests;

namespace JwtRevocation.Redis.Tests.Faults;

/// <summary>A revocation whose way to Redis, or whose answer, is lost.</summary>
public sealed class LostAcknowledgementTests
{
    [Fact]
    public async Task Fault_28_a_node_that_dies_between_memory_and_log_has_acknowledged_nothing()
    {
        Assert.SkipUnless(RedisServer.IsInstalled, "redis-server is not installed.");
        await using RedisServer redis = await RedisServer.StartInUseAsync();
        await using TcpProxy proxy = new(redis.Port);
        await using Node other = await Node.StartAsync(redis.Configuration);
        string token = TestTokens.Create();
        Task<HttpStatusCode> signOut;
        await using (Node dying = await Node.StartAsync(proxy.Configuration))
        {
            proxy.Swallows = connection => connection.HasAppended;
            signOut = dying.SignOutAsync(token);
            await Eventually.Async(async () => await dying.RefusesAsync(token), "it is in that node's memory");
            signOut.IsCompleted.Should().BeFalse("the log has not answered");

            // kill -9, as far as anybody else can see: not one byte more gets out.
            proxy.Swallows = static _ => true;
            proxy.Cut();
        }

        (await AnswerAsync(signOut)).Should().NotBe(HttpStatusCode.OK, "nobody may take it for done");
        (await redis.CountAsync()).Should().Be(0);
        await Eventually.NeverAsync(
            async () => !await other.AcceptsAsync(token), "the other node was told", Node.MaxStaleness);
        await new[] { other }.HealAsync();
        Observed.Write(28, $"the caller got {await AnswerAsync(signOut)}, no 200; nothing reached the log, and no other node was told");
    }

    [Fact]
    public async Task Fault_29_a_lost_answer_is_no_acknowledgement_and_the_retry_does_no_harm()
    {
        Assert.SkipUnless(RedisServer.IsInstalled, "redis-server is not installed.");
        await using RedisServer redis = await RedisServer.StartInUseAsync();
        await using TcpProxy proxy = new(redis.Port);
        await using Node one = await Node.StartAsync(proxy.Configuration);
        await using Node other = await Node.StartAsync(redis.Configuration);
        string token = TestTokens.Create();

        proxy.SwallowsReplies = connection => connection.HasAppended;
        Task<HttpStatusCode> signOut = one.SignOutAsync(token);
        await Eventually.Async(async () => await redis.CountAsync() == 1, "Redis has written it");
        TimeSpan known = await Eventually.Async(() => other.RefusesAsync(token), "the other node knows", Node.MaxStaleness);
        signOut.IsCompleted.Should().BeFalse("the answer is lost");
        proxy.SwallowsReplies = static _ => false;
        proxy.CloseAll();
        (await signOut).Should().Be(HttpStatusCode.ServiceUnavailable, "the caller cannot know");

        await Eventually.Async(() => one.IsReadyAsync(), "the node is connected again");
        await Eventually.Async(() => RevokesAsync(one, token), "the retry succeeds");
        await Eventually.Async(() => RevokesAsync(other, token), "on another node as well");
        (await one.SignOutAsync(token)).Should().Be(HttpStatusCode.Unauthorized, "who signs out again is signed out already");
        TimeSpan healed = await new[] { one, other }.HealAsync(token);
        (await redis.CountAsync()).Should().Be(1, "it is there once");
        Observed.Write(29, $"sign-out 503, known elsewhere in {known.In()}, the retry is acknowledged, one entry, all healthy in {healed.In()}");
    }

    private static async Task<bool> RevokesAsync(Node node, string token)
    {
        try
        {
            await node.Revoker.RevokeAsync(token, TestContext.Current.CancellationToken);
            return true;
        }
        catch (RevocationFailedException)
        {
            return false;
        }
    }

    private static async Task<HttpStatusCode?> AnswerAsync(Task<HttpStatusCode> request)
    {
        try
        {
            return await request.WaitAsync(TimeSpan.FromSeconds(30));
        }
        catch (Exception exception) when (exception is IOException or HttpRequestException or OperationCanceledException or ObjectDisposedException)
        {
            return null;
        }
    }
}
