using System.Net;
using System.Net.Sockets;
using JwtRevocation.Tests;
using StackExchange.Redis;

namespace JwtRevocation.Redis.Tests.Faults;

/// <summary>Somebody who flushes and kills scripts.</summary>
public sealed class ScriptTests
{
    private const int Revocations = 200;

    [Fact]
    public async Task Fault_20_no_revocation_fails_because_scripts_are_flushed()
    {
        Assert.SkipUnless(RedisServer.IsInstalled, "redis-server is not installed.");
        await using RedisServer redis = await RedisServer.StartInUseAsync();
        await using Node one = await Node.StartAsync(redis.Configuration);
        await using Node other = await Node.StartAsync(redis.Configuration);
        using CancellationTokenSource stop = new();
        Task<int>[] flushing =
        [
            .. Enumerable.Range(0, 4).Select(_ => RepeatAsync(redis, database => database.ExecuteAsync("SCRIPT", "FLUSH"), TimeSpan.Zero, stop.Token)),
        ];

        string[] revoked = await RevokeAsync(one, other);
        await stop.CancelAsync();
        int flushes = (await Task.WhenAll(flushing)).Sum();

        await new[] { one, other }.HealAsync(revoked);
        (await redis.CountAsync()).Should().Be(Revocations);
        Observed.Write(20, $"{flushes} times SCRIPT FLUSH during {Revocations} revocations on two nodes: none failed");
    }

    [Fact]
    public async Task Fault_20_no_revocation_fails_because_scripts_are_killed()
    {
        Assert.SkipUnless(RedisServer.IsInstalled, "redis-server is not installed.");
        await using RedisServer redis = await RedisServer.StartInUseAsync("--busy-reply-threshold", "5");
        await using Node one = await Node.StartAsync(redis.Configuration);
        await using Node other = await Node.StartAsync(redis.Configuration);
        using CancellationTokenSource stop = new();

        // Scripts of somebody else that never end, and somebody who kills whatever script is slow.
        Task<int> hogging = RepeatAsync(redis, database => database.ScriptEvaluateAsync("while true do end"), TimeSpan.FromMilliseconds(20), stop.Token);
        using CancellationTokenSource stopKilling = new();
        Task killing = KillAsync(redis, stopKilling.Token);

        string[] revoked = await RevokeAsync(one, other);
        await stop.CancelAsync();
        int killed = await hogging;
        await stopKilling.CancelAsync();
        await killing;

        await new[] { one, other }.HealAsync(revoked);
        (await redis.CountAsync()).Should().Be(Revocations);
        Observed.Write(20, $"{killed} slow scripts of others killed by SCRIPT KILL during {Revocations} revocations on two nodes: none failed");
    }

    private static async Task<string[]> RevokeAsync(Node one, Node other)
    {
        string[] revoked = [.. Enumerable.Range(0, Revocations).Select(_ => TestTokens.Create())];
        await Task.WhenAll(
            RevokeAllAsync(one, revoked[..(Revocations / 2)]),
            RevokeAllAsync(other, revoked[(Revocations / 2)..]));
        return revoked;
    }

    private static async Task RevokeAllAsync(Node node, string[] tokens)
    {
        foreach (string token in tokens)
        {
            await node.RevokeAsync(token);
        }
    }

    // On a bare connection: a client would be busy with its own affairs while Redis answers everything else with BUSY.
    private static async Task KillAsync(RedisServer server, CancellationToken cancellationToken)
    {
        using TcpClient client = new();
        await client.ConnectAsync(IPAddress.Loopback, server.Port, CancellationToken.None);
        using StreamReader answers = new(client.GetStream());
        while (!cancellationToken.IsCancellationRequested)
        {
            await client.GetStream().WriteAsync("SCRIPT KILL\r\n"u8.ToArray(), CancellationToken.None);
            await answers.ReadLineAsync(CancellationToken.None);
            await Task.Delay(1, CancellationToken.None);
        }
    }

    private static async Task<int> RepeatAsync(RedisServer server, Func<IDatabase, Task> action, TimeSpan pause, CancellationToken cancellationToken)
    {
        await using ConnectionMultiplexer redis = await server.ConnectAsync();
        int times = 0;
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await action(redis.GetDatabase());
            }
            catch (RedisServerException)
            {
                // There is nothing to kill, or it was killed.
            }

            times++;
            await Task.Delay(pause, CancellationToken.None);
        }

        return times;
    }
}
