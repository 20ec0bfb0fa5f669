using System.Diagnostics;
using StackExchange.Redis;

namespace JwtRevocation.Benchmarks.Fleet;

/// <summary>Two nodes, and a fault every few seconds: no revocation that was acknowledged is accepted past its bound.</summary>
internal static class SoakProgram
{
    private static readonly TimeSpan MaxStaleness = TimeSpan.FromSeconds(10);

    // A poll, and what it takes to be sent and answered under load.
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(2);

    public static async Task<int> RunAsync(int seconds, int seed)
    {
        Console.WriteLine($"Two nodes for {seconds} s, MaxStaleness {MaxStaleness.TotalSeconds} s, seed {seed}");
        Random random = new(seed);
        await using RedisProcess redis = await RedisProcess.StartAsync();
        FleetNode[] nodes = [Start(redis), Start(redis)];
        await Task.WhenAll(nodes.Select(node => node.WaitAsync(static node => node.IsFresh)));
        Soak soak = new(nodes);
        using CancellationTokenSource stopping = new(TimeSpan.FromSeconds(seconds));
        Task revoking = soak.RevokeAsync(stopping.Token), checking = soak.CheckAsync(MaxStaleness + Slack, stopping.Token);
        Dictionary<string, int> faults = [];
        while (!stopping.IsCancellationRequested)
        {
            string fault = await StrikeAsync(redis, random);
            faults[fault] = faults.GetValueOrDefault(fault) + 1;
            await Task.Delay(TimeSpan.FromSeconds(1 + (random.NextDouble() * 4)));
        }

        await Task.WhenAll(revoking, checking);

        // Healed, all agree.
        await Task.Delay(TimeSpan.FromSeconds(15));
        int lost = soak.Lost();
        Console.WriteLine($"Faults: {string.Join(", ", faults.Select(fault => $"{fault.Value} x {fault.Key}"))}");
        Console.WriteLine($"{soak.Acknowledged:N0} revocations acknowledged, {soak.Failed:N0} failed with an exception; {soak.Checks:N0} checks, {soak.Unknown:N0} of them unknown");
        Console.WriteLine($"Acknowledged revocations accepted past the bound: {soak.Accepted}");
        Console.WriteLine($"Revocations that a node does not know 15 s after the last fault: {lost}");
        foreach (FleetNode node in nodes)
        {
            await node.DisposeAsync();
        }

        return soak.Accepted == 0 && lost == 0 ? 0 : 1;
    }

    private static FleetNode Start(RedisProcess redis) => FleetNode.Start(redis.Configuration, options => options.MaxStaleness = MaxStaleness);

    private static async Task<string> StrikeAsync(RedisProcess redis, Random random)
    {
        switch (random.Next(8))
        {
            case 0:
                await redis.KillAsync();
                await Task.Delay(random.Next(3_000));
                await redis.RestartAsync();
                return "kill -9, restart empty";
            case 1:
                redis.Stop();
                await Task.Delay(random.Next(1_000, 15_000));
                redis.Continue();
                return "SIGSTOP";
            case 2: return await CommandAsync(redis, "FLUSHALL");
            case 3: return await CommandAsync(redis, "DEL", "{jwt-revocation}:entries");
            case 4: return await CommandAsync(redis, "DEL", "{jwt-revocation}:epoch");
            case 5: return await CommandAsync(redis, "CLIENT", "KILL", "TYPE", "pubsub");
            case 6: return await CommandAsync(redis, "CLIENT", "KILL", "TYPE", "normal");
            default: return await CommandAsync(redis, "SCRIPT", "FLUSH");
        }
    }

    private static async Task<string> CommandAsync(RedisProcess redis, string command, params object[] arguments)
    {
        await using ConnectionMultiplexer connection = await redis.ConnectAsync();
        try
        {
            await connection.GetDatabase().ExecuteAsync(command, arguments);
        }
        catch (RedisConnectionException)
        {
            // It was its own connection that was killed.
        }

        return $"{command} {string.Join(' ', arguments)}".Trim();
    }

    private sealed class Soak(FleetNode[] nodes)
    {
        private readonly List<(UInt128 Fingerprint, long Acknowledged)> _acknowledged = [];
        private int _failed;

        public int Acknowledged => _acknowledged.Count;

        public int Failed => _failed;

        public long Checks { get; private set; }

        public long Unknown { get; private set; }

        public int Accepted { get; private set; }

        public async Task RevokeAsync(CancellationToken stop)
        {
            ulong number = 0;
            List<Task> pending = [];
            while (!stop.IsCancellationRequested)
            {
                pending.Add(RevokeAsync(nodes[number % 2], ++number));
                pending.RemoveAll(static task => task.IsCompleted);
                await Task.Delay(20, CancellationToken.None);
            }

            await Task.WhenAll(pending);
        }

        public Task CheckAsync(TimeSpan bound, CancellationToken stop) => Task.Run(
            async () =>
            {
                while (!stop.IsCancellationRequested)
                {
                    (UInt128 Fingerprint, long Acknowledged)[] due;
                    lock (_acknowledged)
                    {
                        due = [.. _acknowledged.Where(entry => Stopwatch.GetElapsedTime(entry.Acknowledged) > bound)];
                    }

                    foreach (FleetNode node in nodes)
                    {
                        foreach ((UInt128 fingerprint, long _) in due)
                        {
                            Checks++;
                            if (!node.Holds(fingerprint))
                            {
                                Unknown += node.IsFresh ? 0 : 1;
                                Accepted += node.IsFresh ? 1 : 0;
                            }
                        }
                    }

                    await Task.Delay(50, CancellationToken.None);
                }
            },
            CancellationToken.None);

        public int Lost() => nodes.Sum(node => _acknowledged.Count(entry => !node.Holds(entry.Fingerprint)));

        private async Task RevokeAsync(FleetNode node, ulong number)
        {
            try
            {
                await node.Store.RevokeAsync(FleetNode.OfToken(new(number, number), TimeProvider.System.GetUtcNow().AddHours(2)), CancellationToken.None);
                lock (_acknowledged)
                {
                    _acknowledged.Add((new(number, number), Stopwatch.GetTimestamp()));
                }
            }
            catch (RevocationFailedException)
            {
                Interlocked.Increment(ref _failed);
            }
        }
    }
}
