using Microsoft.Extensions.Logging;

namespace JwtRevocation;

/// <summary>
/// Keeps a node's memory complete from the shared log, and the log complete from that memory.
/// </summary>
/// <remarks>
/// <para>
/// One loop reads what was added since the last read, every poll interval. It reads everything when it starts, every few
/// minutes, and at any sign that the log is not what it was: another epoch, or the last entry that was read is not there any
/// more. What this node holds and a whole read did not find is written back.
/// </para>
/// <para>What was read is applied at once and for good: nothing ever makes the memory forget a revocation that has not lapsed.</para>
/// </remarks>
internal sealed class Replica(
    IRevocationLog log,
    RevocationTables tables,
    Freshness freshness,
    ReplicaOptions options,
    ReplicaMetrics metrics,
    TimeProvider timeProvider,
    ILogger logger,
    Random random)
{
    private const int PageSize = 5_000;
    private const int BatchSize = 500;

    // For each call to the log. One that hangs is given up, and tried again.
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(5);

    // Between whole reads, in which anything is found that should not happen: somebody removed single entries, say.
    private static readonly TimeSpan AuditInterval = TimeSpan.FromMinutes(5);

    // After an outage all nodes come back at once; they need not all read everything at once.
    private static readonly TimeSpan AuditAfterOutage = TimeSpan.FromSeconds(30);

    // Longer than other nodes take to reconnect to a log that was restarted. See Initialize.
    private static readonly TimeSpan InitializationDelay = TimeSpan.FromSeconds(10);

    // Beyond a poll interval, within which it is extended; short, so that another takes over when the one who led is gone.
    private static readonly TimeSpan RepairLeaseMargin = TimeSpan.FromSeconds(1);

    // A lapsed entry is kept in the log for as long as any node may take it for live, and write it back.
    private static readonly TimeSpan TrimDelay = TimeSpan.FromHours(1);

    private readonly UnconfirmedEntries _unconfirmed = new(timeProvider);
    private readonly HintWatch _hints = new(timeProvider);
    private readonly CutoffsAhead _ahead = new(timeProvider);
    private readonly Lock _applying = new();
    private readonly TrustedClock _clock = new(timeProvider);
    private readonly TaskCompletionSource _firstAttempt = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // The loop's own, but for what is said of them in State.
    private volatile LogCursor _cursor = LogCursor.Start;
    private volatile MissingEntries _missing = MissingEntries.None;
    private volatile Exception? _failure;
    private volatile string? _epoch;
    private volatile bool _waitsToInitialize;
    private List<EntryContent> _lapsed = [];
    private bool _listens;
    private bool _hasRead;
    private long _nextAudit;
    private (long First, long Moved, LogCursor Cursor)? _uninitializedSince;
    private int _skipped;
    private bool _saidSkipped;
    private bool _saidAhead;

    /// <summary>Completes when the log has been read, or could not be: then it is known how this node starts.</summary>
    public Task FirstAttempt => _firstAttempt.Task;

    public ReplicaState State => new(
        freshness.IsFresh,
        freshness.Age,
        _failure,
        _waitsToInitialize,
        _hints.IsDeaf,
        _unconfirmed.Unacknowledged,
        _missing.Count,
        Volatile.Read(ref _skipped),
        _ahead.AreAny,
        log.Warnings);

    /// <summary>Adds an entry to the log that is in this node's memory already.</summary>
    /// <exception cref="RevocationFailedException">
    /// The log did not acknowledge it in time. It is tried again until it does, as long as this process lives.
    /// </exception>
    public async Task AppendAsync(EntryContent entry, CancellationToken cancellationToken)
    {
        _unconfirmed.AddOwn(entry);
        IReadOnlyList<long> positions;
        try
        {
            positions = await log.AppendAsync([entry.Bytes], announce: true, cancellationToken)
                .WaitAsync(CallTimeout, timeProvider, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            throw new RevocationFailedException(
                "The shared log did not acknowledge the revocation. This node refuses the tokens from now on, and goes on trying to tell the others.",
                exception);
        }

        _unconfirmed.Acknowledge(entry, positions[0], _cursor.Position);
    }

    /// <summary>Reads and repairs the log until it is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        _clock.GetUtcTicks();
        while (!cancellationToken.IsCancellationRequested)
        {
            bool hasMore = await PollAsync(cancellationToken).ConfigureAwait(false);
            _firstAttempt.TrySetResult();
            if (!hasMore)
            {
                await Task.Delay(options.PollInterval, timeProvider, cancellationToken)
                    .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <returns>Whether there is more to repair, by this node.</returns>
    private async Task<bool> PollAsync(CancellationToken cancellationToken)
    {
        try
        {
            // Before the first read, so that nothing is missed between the two.
            if (!_listens)
            {
                log.Listen(OnHint);
                _listens = true;
            }

            Freshness.Moment sent = await ReadAsync(cancellationToken).ConfigureAwait(false);
            bool hasMore = await RepairAsync(sent, cancellationToken).ConfigureAwait(false);
            metrics.HasPolled(complete: true);
            if (_failure is not null)
            {
                _failure = null;
                logger.LogReachable();
            }

            return hasMore;
        }
        catch (Exception exception)
        {
            if (cancellationToken.IsCancellationRequested)
            {
                return false;
            }

            metrics.HasPolled(complete: false);
            if (_failure is null)
            {
                logger.LogUnreachable(exception);
                PlanAudit(AuditAfterOutage * random.NextDouble());
            }

            // How long others were out of sight is not known: they are given the whole time again.
            _uninitializedSince = null;
            _failure = exception;
            return false;
        }
    }

    /// <summary>Makes the memory complete.</summary>
    /// <returns>When the read was sent: the memory has what the log had then.</returns>
    private async Task<Freshness.Moment> ReadAsync(CancellationToken cancellationToken)
    {
        bool auditIsDue = timeProvider.GetTimestamp() >= _nextAudit;
        Reading reading = !_hasRead || auditIsDue
            ? await ReadAllAsync(cancellationToken).ConfigureAwait(false)
            : await ReadOnAsync(cancellationToken).ConfigureAwait(false) ?? await ReadAllAsync(cancellationToken).ConfigureAwait(false);

        // A log without an epoch that this node cannot vouch for is no proof that nothing was revoked.
        if (reading.Epoch is not null || freshness.IsFresh)
        {
            _waitsToInitialize = false;
            freshness.HasRead(reading.Sent);
        }
        else if (!_waitsToInitialize)
        {
            _waitsToInitialize = true;
            logger.WaitingForOthers(InitializationDelay);
        }

        (_cursor, _epoch, _hasRead) = (reading.Cursor, reading.Epoch, true);
        return reading.Sent;
    }

    /// <summary>Reads what was added since.</summary>
    /// <returns><see langword="null"/> if the log does not go on from what was read before.</returns>
    private async Task<Reading?> ReadOnAsync(CancellationToken cancellationToken)
    {
        LogCursor cursor = _cursor;
        while (true)
        {
            Freshness.Moment sent = freshness.Now();
            LogPage page = await ReadPageAsync(cursor, cancellationToken).ConfigureAwait(false);
            if ((_epoch is not null && page.Epoch != _epoch) || !cursor.ContinuesIn(page))
            {
                logger.LogLostData();
                return null;
            }

            foreach (LogEntry entry in cursor.NewIn(page))
            {
                if (!ApplyRead(entry))
                {
                    _hints.HasMissed();
                }
            }

            cursor = cursor.Past(page, PageSize);
            if (page.Entries.Count < PageSize)
            {
                return new(page.Epoch, cursor, sent);
            }
        }
    }

    /// <summary>Reads everything, and finds out what the log lacks.</summary>
    private async Task<Reading> ReadAllAsync(CancellationToken cancellationToken)
    {
        // An empty memory lacks nothing that could be missing elsewhere: the first read is spared the comparison.
        RevocationTables? seen = tables.Count == 0 ? null : new();
        List<EntryContent> lapsed = [];
        long trimBefore = _clock.GetUtcTicks() - TrimDelay.Ticks;
        _skipped = 0;

        LogCursor cursor = LogCursor.Start;
        LogPage page;
        Freshness.Moment sent;
        do
        {
            sent = freshness.Now();
            page = await ReadPageAsync(cursor, cancellationToken).ConfigureAwait(false);
            if (!cursor.ContinuesIn(page))
            {
                throw new InvalidOperationException("The shared log lost data while it was read. It is read again.");
            }

            foreach (LogEntry entry in cursor.NewIn(page))
            {
                ApplyRead(entry, seen);

                // Not where other readers may still be: they would take it for a loss.
                if (entry.Position < _cursor.Position && ExpiresOf(entry) < trimBefore)
                {
                    lapsed.Add(new(entry.Content));
                }
            }

            cursor = cursor.Past(page, PageSize);
        }
        while (page.Entries.Count == PageSize);

        // The positions go on after the last entry, which therefore stays.
        lapsed.Remove(cursor.Content);
        _lapsed = lapsed;
        _missing = seen is null ? MissingEntries.None : MissingEntries.Between(tables, seen, _clock.GetUtcTicks());
        PlanAudit(AuditInterval * (0.75 + (random.NextDouble() / 2)));
        return new(page.Epoch, cursor, sent);
    }

    private async Task<LogPage> ReadPageAsync(LogCursor cursor, CancellationToken cancellationToken)
    {
        LogPage page = await log.ReadAsync(cursor.Position, PageSize, cancellationToken)
            .WaitAsync(CallTimeout, timeProvider, cancellationToken).ConfigureAwait(false);
        metrics.HasRead(page.Entries.Count);
        return page;
    }

    /// <summary>Gives the log what it lacks, and takes from it what has lapsed.</summary>
    /// <returns>Whether there is more to do, by this node.</returns>
    private async Task<bool> RepairAsync(Freshness.Moment read, CancellationToken cancellationToken)
    {
        await AppendAsync(_unconfirmed.From(read.Timestamp, announced: false), announce: true, cancellationToken).ConfigureAwait(false);
        await AppendAsync(_unconfirmed.From(read.Timestamp, announced: true), announce: false, cancellationToken).ConfigureAwait(false);

        bool leads = (_missing.Count > 0 || _lapsed.Count > 0)
            && await log.TryLeadRepairAsync(options.PollInterval + RepairLeaseMargin, cancellationToken).WaitAsync(CallTimeout, timeProvider, cancellationToken).ConfigureAwait(false);
        if (leads)
        {
            // Between polls, so that reading goes on however much there is to write.
            while ((_missing.Count > 0 || _lapsed.Count > 0) && timeProvider.GetElapsedTime(read.Timestamp) < options.PollInterval)
            {
                await WriteBackAsync(cancellationToken).ConfigureAwait(false);
                await TrimAsync(cancellationToken).ConfigureAwait(false);
            }
        }

        if (_epoch is null)
        {
            await InitializeAsync(cancellationToken).ConfigureAwait(false);
        }

        return leads && (_missing.Count > 0 || _lapsed.Count > 0);
    }

    private async Task WriteBackAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<EntryContent> batch = _missing.Take(BatchSize);
        if (batch.Count == 0)
        {
            return;
        }

        // From now on they are as any that were appended: they count as being there when they have been read.
        foreach (EntryContent entry in batch)
        {
            _missing.Remove(entry);
            _unconfirmed.AddKnown(entry);
        }

        await AppendAsync(batch, announce: false, cancellationToken).ConfigureAwait(false);
        metrics.HasWrittenBack(batch.Count);
        if (_missing.Count == 0)
        {
            logger.WroteBack();
        }
    }

    private async Task AppendAsync(IReadOnlyList<EntryContent> entries, bool announce, CancellationToken cancellationToken)
    {
        foreach (EntryContent[] batch in entries.Chunk(BatchSize))
        {
            IReadOnlyList<long> positions = await log.AppendAsync([.. batch.Select(static entry => entry.Bytes)], announce, cancellationToken)
                .WaitAsync(CallTimeout, timeProvider, cancellationToken).ConfigureAwait(false);
            for (int i = 0; i < batch.Length; i++)
            {
                _unconfirmed.Acknowledge(batch[i], positions[i], _cursor.Position);
            }
        }
    }

    private async Task TrimAsync(CancellationToken cancellationToken)
    {
        if (_lapsed.Count == 0)
        {
            return;
        }

        List<EntryContent> batch = _lapsed[^Math.Min(BatchSize, _lapsed.Count)..];
        await log.RemoveAsync([.. batch.Select(static entry => entry.Bytes)], cancellationToken)
            .WaitAsync(CallTimeout, timeProvider, cancellationToken).ConfigureAwait(false);
        _lapsed.RemoveRange(_lapsed.Count - batch.Count, batch.Count);
    }

    /// <summary>Gives an epoch to a log that has none.</summary>
    /// <remarks>
    /// It is new, or it has lost everything. A node that can vouch for its memory has written back what was missing, and so
    /// may say that the log is complete again. One that has just started knows nothing: it waits for such a node, and only
    /// when none came has to take it that there was none. If it is wrong, everything is lost; so it says so, loudly.
    /// </remarks>
    private async Task InitializeAsync(CancellationToken cancellationToken)
    {
        if (_missing.Count > 0)
        {
            return;
        }

        if (_waitsToInitialize)
        {
            if (!HasWaited())
            {
                return;
            }

            logger.InitializingEmptyLog(tables.Count);
        }

        await log.InitializeAsync(Guid.NewGuid().ToString("N"), cancellationToken)
            .WaitAsync(CallTimeout, timeProvider, cancellationToken).ConfigureAwait(false);
        _uninitializedSince = null;
    }

    /// <summary>
    /// Whether it is long enough that nobody has written back anything. But what is written may also be new, and that must
    /// not go on for ever.
    /// </summary>
    private bool HasWaited()
    {
        long now = timeProvider.GetTimestamp();
        _uninitializedSince ??= (now, now, _cursor);
        if (_uninitializedSince.Value.Cursor != _cursor)
        {
            _uninitializedSince = _uninitializedSince.Value with { Moved = now, Cursor = _cursor };
        }

        TimeSpan delay = options.MaxStaleness < InitializationDelay ? options.MaxStaleness : InitializationDelay;
        return timeProvider.GetElapsedTime(_uninitializedSince.Value.Moved, now) >= delay
            || timeProvider.GetElapsedTime(_uninitializedSince.Value.First, now) >= options.MaxStaleness;
    }

    private void OnHint(LogEntry entry)
    {
        _hints.HasHint();
        if (!IsHeld(entry.Content.Span) && Apply(entry.Content, seen: null))
        {
            _unconfirmed.AddKnown(new(entry.Content));
        }
    }

    /// <summary>Whether the memory has what an entry says, as far as that is easily seen.</summary>
    private bool IsHeld(ReadOnlySpan<byte> content) =>
        EntryFormat.TryReadToken(content, out TokenFingerprint fingerprint, out long expires) && tables.Tokens.Holds(fingerprint, expires);

    /// <returns>Whether this node knew of the entry.</returns>
    private bool ApplyRead(LogEntry entry, RevocationTables? seen = null)
    {
        EntryContent content = new(entry.Content);
        bool isKnown = _unconfirmed.Confirm(content) | _missing.Remove(content) | IsHeld(entry.Content.Span);
        if (!Apply(entry.Content, seen))
        {
            _skipped++;
            metrics.HasSkipped();
            if (!_saidSkipped)
            {
                _saidSkipped = true;
                logger.SkippedEntry();
            }
        }

        return isKnown;
    }

    /// <returns><see langword="false"/> if the entry cannot be read.</returns>
    private bool Apply(ReadOnlyMemory<byte> content, RevocationTables? seen)
    {
        if (EntryFormat.TryReadToken(content.Span, out TokenFingerprint fingerprint, out long expires))
        {
            tables.Tokens.Add(fingerprint, expires);
            seen?.Tokens.Add(fingerprint, expires);
            return true;
        }

        if (EntryFormat.Read(content.Span) is not { } revocation)
        {
            return false;
        }

        // Hints come on other threads.
        lock (_applying)
        {
            revocation = _ahead.Cap(revocation, content.Span);
            if (_ahead.AreAny && !_saidAhead)
            {
                _saidAhead = true;
                logger.CutoffAhead();
            }
        }

        DateTimeOffset now = timeProvider.GetUtcNow();
        tables.Add(revocation, now);
        seen?.Add(revocation, now);
        return true;
    }

    private static long ExpiresOf(LogEntry entry) =>
        EntryFormat.TryReadToken(entry.Content.Span, out _, out long expires) ? expires
        : EntryFormat.Read(entry.Content.Span) is { } revocation ? revocation.Expires.UtcTicks
        : long.MaxValue;

    private void PlanAudit(TimeSpan from)
    {
        long next = timeProvider.GetTimestamp() + (long)(from.TotalSeconds * timeProvider.TimestampFrequency);
        _nextAudit = next;
    }

    private sealed record Reading(string? Epoch, LogCursor Cursor, Freshness.Moment Sent);
}
