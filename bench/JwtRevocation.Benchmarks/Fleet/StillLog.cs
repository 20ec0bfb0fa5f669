namespace JwtRevocation.Benchmarks.Fleet;

/// <summary>A log that takes everything and in which nothing happens: for what a node does by itself.</summary>
internal sealed class StillLog : IRevocationLog
{
    public IReadOnlyCollection<string> Warnings => [];

    public Task<IReadOnlyList<long>> AppendAsync(IReadOnlyList<ReadOnlyMemory<byte>> entries, bool announce, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<long>>([.. entries.Select(static _ => 0L)]);

    public Task<LogPage> ReadAsync(long from, int count, CancellationToken cancellationToken) => Task.FromResult(new LogPage("still", []));

    public Task RemoveAsync(IReadOnlyList<ReadOnlyMemory<byte>> entries, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task InitializeAsync(string epoch, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task<bool> TryLeadRepairAsync(TimeSpan duration, CancellationToken cancellationToken) => Task.FromResult(true);

    public void Listen(Action<LogEntry> hint)
    {
    }
}
