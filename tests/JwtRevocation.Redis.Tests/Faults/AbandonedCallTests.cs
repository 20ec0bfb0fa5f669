using System.Collections.Concurrent;
using System.Net;
using JwtRevocation.Tests;
using Microsoft.Extensions.DependencyInjection;
using StackExchange.Redis;

namespace JwtRevocation.Redis.Tests.Faults;

/// <summary>Calls to Redis that a node has given up, and that fail afterwards. Whatever is unobserved in the process would be seen here.</summary>
[Collection(nameof(Alone))]
public sealed class AbandonedCallTests
{
    [Fact]
    public async Task Fault_06_what_was_given_up_does_not_fail_unobserved()
    {
        Assert.SkipUnless(RedisServer.IsInstalled, "redis-server is not installed.");
        await using RedisServer server = await RedisServer.StartInUseAsync();

        ConcurrentQueue<Exception> unobserved = await UnobservedAsync(async () =>
        {
            await using Node node = await Node.StartAsync(server.Configuration);

            // Given up after 5 s, by the node; after that, by the client.
            server.Stop();
            Task<HttpStatusCode> signingOut = node.SignOutAsync(TestTokens.Create());
            await Eventually.Async(() => node.Messages.Any(message => message.Contains("did not answer within", StringComparison.Ordinal)), "the node gives up");
            await signingOut;
            await Task.Delay(TimeSpan.FromSeconds(8), TestContext.Current.CancellationToken);
            server.Continue();
            await Eventually.Async(node.IsReadyAsync, "the node can say again");
        });

        unobserved.Should().BeEmpty();
    }

    [Fact]
    public async Task Fault_06_a_connection_that_fails_when_the_app_has_stopped_does_not_fail_unobserved()
    {
        ConcurrentQueue<Exception> unobserved = await UnobservedAsync(async () =>
        {
            TaskCompletionSource asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
            TaskCompletionSource<IConnectionMultiplexer> connecting = new();
            ServiceCollection services = new();
            services.AddLogging();
            services.AddJwtRevocation().AddRedisStore(redis => redis.ConnectionMultiplexerFactory = _ =>
            {
                asked.SetResult();
                return connecting.Task;
            });
            await using (ServiceProvider app = services.BuildServiceProvider())
            {
                app.GetRequiredService<IRevokedTokenStore>();
                await asked.Task;
            }

            connecting.SetException(new IOException("nobody answers"));
        });

        unobserved.Should().BeEmpty();
    }

    private static async Task<ConcurrentQueue<Exception>> UnobservedAsync(Func<Task> action)
    {
        Collect();
        ConcurrentQueue<Exception> unobserved = [];
        EventHandler<UnobservedTaskExceptionEventArgs> observe = (_, failed) => unobserved.Enqueue(failed.Exception);
        TaskScheduler.UnobservedTaskException += observe;
        try
        {
            await action();

            // This goes on within the end of what was awaited, which holds all that it had.
            await Task.Yield();
            Collect();
        }
        finally
        {
            TaskScheduler.UnobservedTaskException -= observe;
        }

        return unobserved;

        static void Collect()
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
    }
}
