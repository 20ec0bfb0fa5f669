using JwtRevocation.Tests;
using StackExchange.Redis;

namespace JwtRevocation.Redis.Tests.Faults;

/// <summary>After a split brain, a client may take both for primaries for a while, and ask now the one, now the other.</summary>
public sealed class TwoPrimariesTests
{
    [Fact]
    public async Task Fault_15_what_the_old_primary_lacks_is_not_vouched_for_because_the_new_one_takes_writes()
    {
        Assert.SkipUnless(RedisServer.IsInstalled, "redis-server is not installed.");
        await using RedisServer old = await RedisServer.StartInUseAsync();
        await using RedisServer promoted = await RedisServer.StartInUseAsync();
        await old.CommandAsync("CONFIG", "SET", "min-replicas-to-write", "1");
        await using ConnectionMultiplexer toOld = await old.ConnectAsync();
        await using ConnectionMultiplexer toPromoted = await promoted.ConnectAsync();
        IConnectionMultiplexer client = TwoPrimariesClient.Create(toOld, toPromoted, new Random(15));
        await using Node right = await Node.StartAsync(promoted.Configuration);
        await using Node confused = await Node.StartAsync(configuration: null, options =>
        {
            options.ConnectionMultiplexerFactory = _ => Task.FromResult(client);
            options.PollInterval = TimeSpan.FromMilliseconds(100);
        });
        await Eventually.Async(confused.IsReadyAsync, "it has read the log");

        for (int i = 0; i < 25; i++)
        {
            string token = TestTokens.Create();
            await right.RevokeAsync(token);

            await new[] { confused }.HaveReadOnAsync();
            (await confused.RefusesAsync(token)).Should().BeTrue("it says that it has read the log since");
        }

        Observed.Write(15, "a client that takes both for primaries: what it has read is from the one that takes writes, or proves nothing");
    }
}
