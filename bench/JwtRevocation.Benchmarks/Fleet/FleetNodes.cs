using System.Globalization;
using JwtRevocation.Benchmarks.Reporting;

namespace JwtRevocation.Benchmarks.Fleet;

/// <summary>Many nodes in a few processes.</summary>
internal sealed class FleetNodes : IDisposable
{
    private readonly Child[] _processes;

    private FleetNodes(Child[] processes) => _processes = processes;

    /// <summary>Starts them, and waits until each holds that many entries.</summary>
    public static async Task<FleetNodes> StartAsync(string redis, int count, int entries = 0)
    {
        int processes = Math.Min(count, 5);
        FleetNodes nodes = new([.. Enumerable.Range(0, processes).Select(process => new Child(
            "fleet-nodes",
            redis,
            ((count / processes) + (process < count % processes ? 1 : 0)).ToString(CultureInfo.InvariantCulture),
            entries.ToString(CultureInfo.InvariantCulture)))]);
        foreach (Child process in nodes._processes)
        {
            await process.ReadLineAsync();
        }

        return nodes;
    }

    public static async Task<int> RunAsync(string redis, int count, int entries)
    {
        FleetNode[] nodes = [.. Enumerable.Range(0, count).Select(_ => FleetNode.Start(redis))];
        foreach (FleetNode node in nodes)
        {
            await node.WaitAsync(node => node.IsFresh && node.Count >= entries);
        }

        Console.WriteLine("ready");
        await ProcessGauge.AnswerAsync();
        return 0;
    }

    /// <summary>The processor time that all of them have used.</summary>
    public async Task<TimeSpan> ProcessorAsync()
    {
        TimeSpan sum = default;
        foreach (Child process in _processes)
        {
            process.WriteLine(ProcessGauge.Read);
            sum += ProcessGauge.Parse(await process.ReadLineAsync()).Processor;
        }

        return sum;
    }

    public void Dispose()
    {
        foreach (Child process in _processes)
        {
            process.Dispose();
        }
    }
}
