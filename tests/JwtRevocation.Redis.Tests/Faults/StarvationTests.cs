using System.Diagnostics;
using JwtRevocation.Tests;
using Microsoft.IdentityModel.JsonWebTokens;

namespace JwtRevocation.Redis.Tests.Faults;

/// <summary>An app that blocks all its threads, so that no timer and no continuation of a read comes to run.</summary>
[Collection(nameof(Alone))]
public sealed class StarvationTests
{
    private const int BlockedTasks = 200;

    [Fact]
    public async Task Fault_31_unknown_is_found_at_the_request_though_the_thread_pool_is_starved()
    {
        Assert.SkipUnless(RedisServer.IsInstalled, "redis-server is not installed.");
        await using RedisServer redis = await RedisServer.StartInUseAsync();
        await using Node node = await Node.StartAsync(redis.Configuration);
        string revoked = TestTokens.Create();
        await node.RevokeAsync(revoked);
        IRevokedTokenStore store = node.Store;
        RevocableToken live = Revocable(TestTokens.Create());
        RevocableToken ended = Revocable(revoked);
        (await node.IsReadyAsync()).Should().BeTrue();

        using ManualResetEventSlim release = new();
        Task[] blocked = [.. Enumerable.Range(0, BlockedTasks).Select(_ => Task.Run(release.Wait))];
        TimeSpan? unknown = null;
        bool stays = true;
        int running = 0;
        try
        {
            redis.Stop();
            long stopped = Stopwatch.GetTimestamp();

            // A thread of its own, as a request that has one already.
            Thread request = new(() =>
            {
                while (unknown is null && Stopwatch.GetElapsedTime(stopped) < 2 * Node.MaxStaleness)
                {
                    stays &= store.GetStatus(in ended) == RevocationStatus.Revoked;
                    if (store.GetStatus(in live) == RevocationStatus.Unknown)
                    {
                        unknown = Stopwatch.GetElapsedTime(stopped);
                    }

                    Thread.Sleep(1);
                }

                running = blocked.Count(task => task.Status == TaskStatus.Running);
            });
            request.Start();
            request.Join();
        }
        finally
        {
            release.Set();
            redis.Continue();
        }

        running.Should().BeInRange(1, BlockedTasks - 1, "the pool was starved all the time");
        unknown.Should().NotBeNull().And.BeLessThan(Node.MaxStaleness + Node.PollInterval);
        stays.Should().BeTrue("what is revoked stays so");
        await Task.WhenAll(blocked);
        TimeSpan healed = await new[] { node }.HealAsync(revoked);
        Observed.Write(31, $"{BlockedTasks} blocked tasks, {running} of them on threads: unknown in {unknown!.Value.In()} after Redis hung; healed in {healed.In()}");
    }

    private static RevocableToken Revocable(string token)
    {
        RevocableToken.TryCreate(new JsonWebToken(token), out RevocableToken revocable).Should().BeTrue();
        return revocable;
    }
}
