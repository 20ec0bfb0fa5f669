using Microsoft.Extensions.Logging;

namespace JwtRevocation;

/// <summary>
/// Reads the log: what was added since the last time; and everything at first, every few minutes, and at any sign that the log
/// is not what it was: another epoch, or the last entry that was read is not there any more.
/// </summary>
/// <remarks>What a read has found counts when the read is complete. One that fails in the middle proves nothing.</remarks>
internal sealed class LogReader(
    BoundedLog log,
    EntryIntake intake,
    RevocationTables tables,
    UnconfirmedEntries unconfirmed,
    Freshness freshness,
    HintWatch hints,
    ReplicaMetrics metrics,
    TimeProvider timeProvider,
    ILogger logger,
    Random random,
    int pageSize)
{
    // Between whole reads, in which anything is found that should not happen: somebody removed single entries, say.
    private static readonly TimeSpan AuditInterval = TimeSpan.FromMinutes(5);

    // An outage calls for one soon. But after it all nodes come back at once, and need not all read everything at once.
    private static readonly TimeSpan AuditAfterOutage = TimeSpan.FromSeconds(30);

    // So often, lest it never comes where every other read fails.
    private const int MostPutOffs = 3;

    // At the first read, and when what is in memory cannot be relied on: that waits for nothing.
    private const long AtOnce = long.MinValue;

    // A lapsed entry is kept in the log for as long as any node may take it for live, and write it back.
    private static readonly TimeSpan TrimDelay = TimeSpan.FromHours(1);

    private readonly TrustedClock _clock = new(timeProvider);
    private readonly ClockLeapWatch _wallClock = new(timeProvider);
    private volatile LogCursor _cursor = LogCursor.Start;
    private volatile Repairs _repairs = Repairs.None;
    private volatile string? _epoch;
    private bool _hasFailed;
    private bool _hasFailedReading;
    private bool _isReading;
    private long _nextAudit = AtOnce;
    private int _putOffs;

    /// <summary>Behind the last entry that was read.</summary>
    public LogCursor Cursor => _cursor;

    /// <summary>The epoch of the log when it was read last.</summary>
    public string? Epoch => _epoch;

    /// <summary>What the last whole read found to be repaired, and is not yet.</summary>
    public Repairs Repairs => _repairs;

    /// <summary>Makes the memory complete.</summary>
    /// <returns>When the read was sent: the memory has what the log had then.</returns>
    public async Task<Freshness.Moment> ReadAsync(CancellationToken cancellationToken)
    {
        NoticesLeap();

        // The first read after an outage: what was added, which proves that the log goes on from what was read before.
        bool putsOff = _isReading && _putOffs < MostPutOffs && _nextAudit != AtOnce;
        _isReading = true;
        Reading? reading = putsOff || timeProvider.GetTimestamp() < _nextAudit ? await ReadOnAsync(cancellationToken).ConfigureAwait(false) : null;
        reading ??= await ReadAllAsync(cancellationToken).ConfigureAwait(false);
        if (NoticesLeap())
        {
            // What it has read, it may have judged by the one clock, and would vouch for by the other.
            reading = await ReadAllAsync(cancellationToken).ConfigureAwait(false);
        }

        foreach (EntryContent entry in reading.Found)
        {
            unconfirmed.Confirm(entry);
            _repairs.Missing.Remove(entry);
        }

        if (putsOff && timeProvider.GetTimestamp() >= _nextAudit)
        {
            (_nextAudit, _putOffs) = (After(AuditAfterOutage * random.NextDouble()), _putOffs + 1);
        }

        (_cursor, _epoch, _hasFailed, _isReading) = (reading.Cursor, reading.Epoch, false, false);
        return reading.Sent!;
    }

    /// <summary>Notes that the log cannot be read, or not be written to. It may be another one when it is back.</summary>
    /// <param name="again">Whether it was so at the last poll, too.</param>
    public void HasFailed(bool again)
    {
        // One that is out of reach now, and took no writes before, may be another one all the same; and the other way about.
        bool isSameOutage = again && _isReading == _hasFailedReading;
        (_hasFailed, _hasFailedReading) = (true, _isReading);
        if (!isSameOutage && _nextAudit > After(AuditAfterOutage))
        {
            _nextAudit = After(AuditAfterOutage * random.NextDouble());
        }
    }

    /// <summary>Whether the clock has leapt. Then what was judged by it is judged anew, in a whole read.</summary>
    private bool NoticesLeap()
    {
        bool hasLeapt = _wallClock.HasLeapt();
        if (hasLeapt)
        {
            intake.JudgeCutoffsAnew();
            _nextAudit = AtOnce;
        }

        return hasLeapt;
    }

    /// <returns><see langword="null"/> if the log does not go on from what was read before.</returns>
    private async Task<Reading?> ReadOnAsync(CancellationToken cancellationToken)
    {
        Reading reading = new(_cursor);
        do
        {
            if (!await ReadPageAsync(reading, cancellationToken).ConfigureAwait(false) || (_epoch is not null && reading.Epoch != _epoch))
            {
                if (!_hasFailed)
                {
                    logger.LogLostData();
                }

                return null;
            }

            foreach (LogEntry entry in reading.NewEntries)
            {
                // After an outage there are some of which this node could not hear, and without an epoch those that are
                // written back, which nobody tells of.
                if (!IsAwaited(entry, reading) && !intake.IsHeld(entry.Content.Span) && !_hasFailed && reading.Epoch is not null)
                {
                    hints.HasMissed();
                }

                intake.AddRead(entry.Content, seen: null);
            }
        }
        while (reading.HasMore);

        return reading;
    }

    /// <summary>Reads everything, and finds out what the log lacks, and what it need not have any more.</summary>
    private async Task<Reading> ReadAllAsync(CancellationToken cancellationToken)
    {
        // An empty memory lacks nothing that could be missing elsewhere: the first read is spared the comparison.
        RevocationTables? seen = tables.Count == 0 ? null : new();
        List<EntryContent> lapsed = [];
        long trimBefore = _clock.GetUtcTicks() - TrimDelay.Ticks;
        intake.Restart();

        Reading reading = new(LogCursor.Start);
        do
        {
            if (!await ReadPageAsync(reading, cancellationToken).ConfigureAwait(false))
            {
                _nextAudit = AtOnce;
                throw new InvalidOperationException("The shared log lost data while it was read. It is read again.");
            }

            foreach (LogEntry entry in reading.NewEntries)
            {
                IsAwaited(entry, reading);
                long expires = intake.AddRead(entry.Content, seen);

                // Not where other readers may still be: they would take it for a loss.
                if (expires < trimBefore && entry.Position < _cursor.Position)
                {
                    lapsed.Add(new(entry.Content));
                }
            }
        }
        while (reading.HasMore);

        // The positions go on after the last entry, which therefore stays.
        lapsed.Remove(reading.Cursor.Content);
        _repairs = new(seen is null ? MissingEntries.None() : MissingEntries.Between(tables, seen, _clock.GetUtcTicks()), lapsed);
        (_nextAudit, _putOffs) = (After(AuditInterval * (0.75 + (random.NextDouble() / 2))), 0);
        return reading;
    }

    /// <returns><see langword="false"/> if the log does not go on from what was read before.</returns>
    private async Task<bool> ReadPageAsync(Reading reading, CancellationToken cancellationToken)
    {
        reading.Sent = freshness.Now();
        LogPage page = await log.ReadAsync(reading.Cursor.Position, pageSize, cancellationToken).ConfigureAwait(false);
        metrics.HasRead(page.Entries.Count);
        return reading.Take(page, pageSize);
    }

    /// <summary>Whether this node waits to find an entry in the log. Then it has.</summary>
    private bool IsAwaited(LogEntry entry, Reading reading)
    {
        EntryContent content = new(entry.Content);
        bool isAwaited = unconfirmed.Contains(content) || _repairs.Missing.Contains(content);
        if (isAwaited)
        {
            reading.Found.Add(content);
        }

        return isAwaited;
    }

    private long After(TimeSpan time) => timeProvider.GetTimestamp() + (long)(time.TotalSeconds * timeProvider.TimestampFrequency);

    /// <summary>A read under way.</summary>
    private sealed class Reading(LogCursor cursor)
    {
        public LogCursor Cursor { get; private set; } = cursor;

        public string? Epoch { get; private set; }

        /// <summary>When its last request was sent: what was in the log then, it has found.</summary>
        public Freshness.Moment? Sent { get; set; }

        public IReadOnlyList<LogEntry> NewEntries { get; private set; } = [];

        /// <summary>Whether there is another page to read.</summary>
        public bool HasMore { get; private set; }

        /// <summary>The entries it has found that this node waits for.</summary>
        public List<EntryContent> Found { get; } = [];

        public bool Take(LogPage page, int pageSize)
        {
            if (!Cursor.ContinuesIn(page))
            {
                return false;
            }

            NewEntries = [.. Cursor.NewIn(page)];
            Cursor = Cursor.Past(page, pageSize);
            Epoch = page.Epoch;
            HasMore = page.Entries.Count >= pageSize;
            return true;
        }
    }
}
