namespace JwtRevocation;

/// <summary>The log as a replica calls it: a call that hangs is given up after a while, and tried again by whoever made it.</summary>
internal sealed class BoundedLog(IRevocationLog log, TimeProvider timeProvider)
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    public IReadOnlyCollection<string> Warnings => log.Warnings;

    public Task<IReadOnlyList<long>> AppendAsync(IReadOnlyList<EntryContent> entries, bool announce, CancellationToken cancellationToken) =>
        log.AppendAsync([.. entries.Select(static entry => entry.Bytes)], announce, cancellationToken)
            .WaitAsync(Timeout, timeProvider, cancellationToken);

    public Task<LogPage> ReadAsync(long from, int count, CancellationToken cancellationToken) =>
        log.ReadAsync(from, count, cancellationToken).WaitAsync(Timeout, timeProvider, cancellationToken);

    public Task RemoveAsync(IReadOnlyList<EntryContent> entries, CancellationToken cancellationToken) =>
        log.RemoveAsync([.. entries.Select(static entry => entry.Bytes)], cancellationToken)
            .WaitAsync(Timeout, timeProvider, cancellationToken);

    public Task InitializeAsync(string epoch, CancellationToken cancellationToken) =>
        log.InitializeAsync(epoch, cancellationToken).WaitAsync(Timeout, timeProvider, cancellationToken);

    public Task<bool> TryLeadRepairAsync(TimeSpan duration, CancellationToken cancellationToken) =>
        log.TryLeadRepairAsync(duration, cancellationToken).WaitAsync(Timeout, timeProvider, cancellationToken);

    public void Listen(Action<LogEntry> hint) => log.Listen(hint);
}
