using Microsoft.Extensions.Logging;

namespace JwtRevocation;

/// <summary>Gives the log what it lacks, takes from it what has lapsed, and gives it an epoch when it has none.</summary>
internal sealed class LogRepair(
    BoundedLog log,
    LogReader reader,
    RevocationTables tables,
    UnconfirmedEntries unconfirmed,
    ReplicaOptions options,
    ReplicaMetrics metrics,
    TimeProvider timeProvider,
    ILogger logger,
    int batchSize)
{
    // Longer than other nodes take to reconnect to a log that was restarted.
    private static readonly TimeSpan InitializationDelay = TimeSpan.FromSeconds(10);

    // Beyond a poll interval, within which it is extended; short, so that another takes over when the one who led is gone.
    private static readonly TimeSpan LeaseMargin = TimeSpan.FromSeconds(1);

    private volatile bool _waitsToInitialize;
    private (long First, long Moved, LogCursor Cursor)? _uninitialized;

    /// <summary>Whether this node waits for others to tell what a log without an epoch has lost.</summary>
    public bool WaitsToInitialize => _waitsToInitialize;

    // A node would not go on vouching for longer.
    private TimeSpan Delay => options.MaxStaleness < InitializationDelay ? options.MaxStaleness : InitializationDelay;

    /// <summary>Repairs, between two reads.</summary>
    /// <param name="read">When the last read was sent, which was complete.</param>
    /// <param name="canVouch">Whether this node can vouch for its memory.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>Whether there is more to do, by this node.</returns>
    public async Task<bool> RepairAsync(Freshness.Moment read, bool canVouch, CancellationToken cancellationToken)
    {
        try
        {
            return await RepairInOrderAsync(read, canVouch, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is not (OperationCanceledException or TimeoutException))
        {
            await MakeRoomAsync(cancellationToken).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Notes that the log was out of reach. How long others were is not known: they are given the whole time again.</summary>
    public void HasFailed() => _uninitialized = null;

    private async Task<bool> RepairInOrderAsync(Freshness.Moment read, bool canVouch, CancellationToken cancellationToken)
    {
        await AppendAsync(unconfirmed.From(read.Timestamp, announced: false), announce: true, cancellationToken).ConfigureAwait(false);
        await AppendAsync(unconfirmed.From(read.Timestamp, announced: true), announce: false, cancellationToken).ConfigureAwait(false);

        bool leads = !reader.Repairs.AreNone
            && await log.TryLeadRepairAsync(options.PollInterval + LeaseMargin, cancellationToken).ConfigureAwait(false);

        // Not all at once, so that reading goes on however much there is to write; but a part, however slow the log is.
        if (leads)
        {
            long started = timeProvider.GetTimestamp();
            do
            {
                await WriteBackAsync(cancellationToken).ConfigureAwait(false);
                await TrimAsync(cancellationToken).ConfigureAwait(false);
            }
            while (!reader.Repairs.AreNone && timeProvider.GetElapsedTime(started) < options.PollInterval);
        }

        await InitializeAsync(canVouch, cancellationToken).ConfigureAwait(false);
        return leads && !reader.Repairs.AreNone;
    }

    /// <summary>
    /// Removes some of what has lapsed, from a log that refused something: it may be full, and then takes not even that somebody leads.
    /// Only a part, because all nodes do.
    /// </summary>
    private async Task MakeRoomAsync(CancellationToken cancellationToken)
    {
        try
        {
            await TrimAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception)
        {
            // What was refused first tells more.
        }
    }

    private async Task WriteBackAsync(CancellationToken cancellationToken)
    {
        MissingEntries missing = reader.Repairs.Missing;
        IReadOnlyList<EntryContent> batch = missing.Take(batchSize);
        if (batch.Count == 0)
        {
            return;
        }

        // From now on they are as any that were appended: they count as being there when they have been read.
        foreach (EntryContent entry in batch)
        {
            unconfirmed.AddKnown(entry);
            missing.Remove(entry);
        }

        await AppendAsync(batch, announce: false, cancellationToken).ConfigureAwait(false);
        metrics.HasWrittenBack(batch.Count);
        if (missing.Count == 0)
        {
            logger.WroteBack();
        }
    }

    private async Task AppendAsync(IReadOnlyList<EntryContent> entries, bool announce, CancellationToken cancellationToken)
    {
        foreach (EntryContent[] batch in entries.Chunk(batchSize))
        {
            IReadOnlyList<long> positions = await log.AppendAsync(batch, announce, cancellationToken).ConfigureAwait(false);
            for (int i = 0; i < batch.Length; i++)
            {
                unconfirmed.Acknowledge(batch[i], positions[i], reader.Cursor.Position);
            }
        }
    }

    private async Task TrimAsync(CancellationToken cancellationToken)
    {
        List<EntryContent> lapsed = reader.Repairs.Lapsed;
        if (lapsed.Count > 0)
        {
            List<EntryContent> batch = lapsed[^Math.Min(batchSize, lapsed.Count)..];
            await log.RemoveAsync(batch, cancellationToken).ConfigureAwait(false);
            lapsed.RemoveRange(lapsed.Count - batch.Count, batch.Count);
        }
    }

    /// <remarks>
    /// A log without an epoch is new, or has lost everything. A node that can vouch for its memory has written back what was
    /// missing, and so may say that the log is complete again. One that has just started knows nothing: it waits for such a
    /// node, and only when none came has to take it that there was none. If it is wrong, everything is lost; so it says so,
    /// loudly.
    /// </remarks>
    private async Task InitializeAsync(bool canVouch, CancellationToken cancellationToken)
    {
        bool waits = reader.Epoch is null && !canVouch;
        if (waits && !_waitsToInitialize)
        {
            logger.WaitingForOthers(Delay);
        }

        _waitsToInitialize = waits;
        if (reader.Epoch is not null || reader.Repairs.Missing.Count > 0 || (waits && !HasWaited()))
        {
            return;
        }

        if (waits)
        {
            // However long it takes: whoever repairs knows what was there.
            if (!await log.TryLeadRepairAsync(options.PollInterval + LeaseMargin, cancellationToken).ConfigureAwait(false))
            {
                _uninitialized = null;
                return;
            }

            logger.InitializingEmptyLog(tables.Count);
        }

        await log.InitializeAsync(Guid.NewGuid().ToString("N"), cancellationToken).ConfigureAwait(false);
        _uninitialized = null;
    }

    /// <summary>
    /// Whether it is long enough that nobody has written back anything. But what is written may also be new, and that must
    /// not go on for ever.
    /// </summary>
    private bool HasWaited()
    {
        long now = timeProvider.GetTimestamp();
        (long first, long moved, LogCursor cursor) = _uninitialized ?? (now, now, reader.Cursor);
        if (cursor != reader.Cursor)
        {
            moved = now;
        }

        _uninitialized = (first, moved, reader.Cursor);
        return timeProvider.GetElapsedTime(moved, now) >= Delay || timeProvider.GetElapsedTime(first, now) >= options.MaxStaleness;
    }
}
