namespace JwtRevocation;

/// <summary>
/// The log as a replica calls it: a call that hangs is given up and cancelled after a while, and tried again by whoever made
/// it.
/// </summary>
internal sealed class BoundedLog(IRevocationLog log, TimeProvider timeProvider)
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    public IReadOnlyCollection<string> Warnings => log.Warnings;

    public async Task<IReadOnlyList<long>> AppendAsync(IReadOnlyList<EntryContent> entries, bool announce, CancellationToken cancellationToken)
    {
        IReadOnlyList<long> positions = await CallAsync(
            token => log.AppendAsync([.. entries.Select(static entry => entry.Bytes)], announce, token), cancellationToken).ConfigureAwait(false);
        return positions.Count == entries.Count
            ? positions
            : throw new InvalidOperationException($"The log returned {positions.Count} positions for {entries.Count} entries.");
    }

    public Task<LogPage> ReadAsync(long from, int count, CancellationToken cancellationToken) =>
        CallAsync(token => log.ReadAsync(from, count, token), cancellationToken);

    public Task RemoveAsync(IReadOnlyList<EntryContent> entries, CancellationToken cancellationToken) =>
        CallAsync(token => log.RemoveAsync([.. entries.Select(static entry => entry.Bytes)], token), cancellationToken);

    public Task InitializeAsync(string epoch, CancellationToken cancellationToken) =>
        CallAsync(token => log.InitializeAsync(epoch, token), cancellationToken);

    public Task<bool> TryLeadRepairAsync(TimeSpan duration, CancellationToken cancellationToken) =>
        CallAsync(token => log.TryLeadRepairAsync(duration, token), cancellationToken);

    public void Listen(Action<LogEntry> hint) => log.Listen(hint);

    private Task<bool> CallAsync(Func<CancellationToken, Task> call, CancellationToken cancellationToken) => CallAsync(
        async token =>
        {
            await call(token).ConfigureAwait(false);
            return true;
        },
        cancellationToken);

    private async Task<T> CallAsync<T>(Func<CancellationToken, Task<T>> call, CancellationToken cancellationToken)
    {
        using CancellationTokenSource limit = new(Timeout, timeProvider);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            // Whether the log heeds the token or not.
            return await call(linked.Token).WaitAsync(linked.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"The shared log did not answer within {Timeout}.");
        }
    }
}
