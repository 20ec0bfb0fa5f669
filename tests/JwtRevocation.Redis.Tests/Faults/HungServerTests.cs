using System.Diagnostics;
using System.Net;
using JwtRevocation.Tests;
using StackExchange.Redis;

namespace JwtRevocation.Redis.Tests.Faults;

/// <summary>Redis is there, and does not answer, or only that it is not ready.</summary>
public sealed class HungServerTests
{
    private static readonly TimeSpan Stopped = TimeSpan.FromSeconds(8);

    [Fact]
    public async Task Fault_06_a_hung_server_turns_nodes_unknown_by_the_bound_and_holds_up_no_request()
    {
        Assert.SkipUnless(RedisServer.IsInstalled, "redis-server is not installed.");
        await using RedisServer server = await RedisServer.StartInUseAsync();
        await using Node one = await Node.StartAsync(server.Configuration);
        await using Node other = await Node.StartAsync(server.Configuration);
        await using SafetyWatch watch = new(one, other);
        await watch.RevokeAsync(one, 20);

        server.Stop();
        long fault = Stopwatch.GetTimestamp();
        string signedOut = TestTokens.Create();
        Task<HttpStatusCode> signingOut = one.SignOutAsync(signedOut);
        TimeSpan unknown = await one.UnknownByTheBoundAsync(fault);
        await other.UnknownByTheBoundAsync(fault);

        long asked = Stopwatch.GetTimestamp();
        HttpStatusCode[] answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => other.StatusAsync(TestTokens.Create())));
        TimeSpan answered = Stopwatch.GetElapsedTime(asked);
        (await other.RefusesAllAsync(watch.Tokens)).Should().BeTrue("what is known to be revoked stays so");
        (await one.RefusesAsync(signedOut)).Should().BeTrue("the node that was asked refuses at once");
        Stopwatch.GetElapsedTime(fault).Should().BeLessThan(Stopped, "the server is still stopped, and all requests were answered");
        answers.Should().OnlyContain(answer => answer == HttpStatusCode.ServiceUnavailable);
        (await signingOut).Should().Be(HttpStatusCode.ServiceUnavailable, "the log has not acknowledged it");
        await Eventually.NeverAsync(
            async () => await one.IsReadyAsync() || await other.IsReadyAsync(),
            "a node vouched for its memory",
            Stopped - Stopwatch.GetElapsedTime(fault));

        server.Continue();
        string[] revoked = [.. watch.Tokens, signedOut];
        TimeSpan healed = await new[] { one, other }.AgreeAsync(revoked);
        await server.HoldsAsync(revoked);

        watch.AssertHeld();
        Observed.Write(
            6, $"unknown after {unknown.In()}; 50 requests at once answered in {answered.In()}; sign-out 503; healed {healed.In()} after SIGCONT");
    }

    [Fact]
    public async Task Fault_17_while_Redis_loads_nodes_turn_unknown_and_agree_afterwards()
    {
        Assert.SkipUnless(RedisServer.IsInstalled, "redis-server is not installed.");

        // 1 ms for each key, and it answers in between.
        await using RedisServer server = await RedisServer.StartInUseAsync(
            "--enable-debug-command", "yes", "--key-load-delay", "1000", "--loading-process-events-interval-bytes", "1024");
        await using Node one = await Node.StartAsync(server.Configuration);
        await using Node other = await Node.StartAsync(server.Configuration);
        await using SafetyWatch watch = new(one, other);
        await watch.RevokeAsync(one, 20);
        await server.CommandAsync("DEBUG", "POPULATE", "8000");
        await using ConnectionMultiplexer redis = await server.ConnectAsync();
        IDatabase database = redis.GetDatabase();

        Task reloading = database.ExecuteAsync("DEBUG", "RELOAD");
        string loading = "";
        await Eventually.Async(
            async () =>
            {
                try
                {
                    await server.CommandAsync("ZCARD", RedisNamesInUse.Entries);
                    return false;
                }
                catch (RedisException exception)
                {
                    loading = exception.ToString();
                    return true;
                }
            },
            "Redis says that it loads");
        long fault = Stopwatch.GetTimestamp();
        loading.Should().Contain("LOADING");
        string signedOut = TestTokens.Create();
        (await one.SignOutAsync(signedOut)).Should().Be(HttpStatusCode.ServiceUnavailable, "the log has not acknowledged it");
        TimeSpan unknown = await one.UnknownByTheBoundAsync(fault);
        await other.UnknownByTheBoundAsync(fault);
        (await one.RefusesAllAsync(watch.Tokens)).Should().BeTrue("what is known to be revoked stays so");

        string[] revoked = [.. watch.Tokens, signedOut];
        TimeSpan healed = await new[] { one, other }.AgreeAsync(revoked, TimeSpan.FromMinutes(1));
        await server.HoldsAsync(revoked);
        await Task.WhenAny(reloading);

        watch.AssertHeld();
        Observed.Write(17, $"unknown after {unknown.In()}; healed {healed.In()} later, when Redis had loaded");
    }
}
