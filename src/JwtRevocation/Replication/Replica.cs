using Microsoft.Extensions.Logging;

namespace JwtRevocation;

/// <summary>
/// Keeps a node's memory complete from the shared log, and the log complete from that memory: one loop that reads and
/// repairs, every poll interval.
/// </summary>
/// <remarks>
/// What was read or heard of is applied at once and for good: nothing makes the memory forget a revocation that has not
/// lapsed.
/// </remarks>
internal sealed class Replica
{
    private readonly BoundedLog _log;
    private readonly Freshness _freshness;
    private readonly ReplicaOptions _options;
    private readonly ReplicaMetrics _metrics;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger _logger;
    private readonly UnconfirmedEntries _unconfirmed;
    private readonly HintWatch _hints;
    private readonly EntryIntake _intake;
    private readonly LogReader _reader;
    private readonly LogRepair _repair;
    private readonly TaskCompletionSource _firstAttempt = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile Exception? _failure;
    private bool _listens;

    public Replica(
        IRevocationLog log,
        RevocationTables tables,
        Freshness freshness,
        ReplicaOptions options,
        ReplicaMetrics metrics,
        TimeProvider timeProvider,
        ILogger logger,
        Random? random = null,
        int pageSize = 2_000,
        int batchSize = 1_000)
    {
        logger = new QuietLogger(logger);
        _log = new(log, timeProvider);
        _freshness = freshness;
        _options = options;
        _metrics = metrics;
        _timeProvider = timeProvider;
        _logger = logger;
        _unconfirmed = new(timeProvider);
        _hints = new(timeProvider);
        _intake = new(tables, metrics, timeProvider, logger);
        _reader = new(_log, _intake, tables, _unconfirmed, freshness, _hints, metrics, timeProvider, logger, random ?? Random.Shared, pageSize);
        _repair = new(_log, _reader, tables, _unconfirmed, options, metrics, timeProvider, logger, batchSize);
    }

    /// <summary>Completes when the log has been read, or could not be: then it is known how this node starts.</summary>
    public Task FirstAttempt => _firstAttempt.Task;

    public ReplicaState State => new(
        _freshness.IsFresh,
        _freshness.Age,
        _failure,
        _repair.WaitsToInitialize,
        _hints.IsDeaf,
        _unconfirmed.Unacknowledged,
        _reader.Repairs.Missing.Count,
        _intake.Skipped,
        _intake.HasCutoffsAhead,
        _log.Warnings);

    /// <summary>Adds an entry to the log that is in this node's memory already.</summary>
    /// <exception cref="RevocationFailedException">
    /// The log did not acknowledge it in time. It is tried again until it does, as long as this process lives.
    /// </exception>
    public async Task AppendAsync(EntryContent entry, CancellationToken cancellationToken)
    {
        _unconfirmed.AddOwn(entry);
        try
        {
            IReadOnlyList<long> positions = await _log.AppendAsync([entry], announce: true, cancellationToken).ConfigureAwait(false);
            _unconfirmed.Acknowledge(entry, positions[0], _reader.Cursor.Position);
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            throw new RevocationFailedException(
                "The shared log did not acknowledge the revocation. This node refuses the tokens from now on, and goes on trying to tell the others.",
                exception);
        }
    }

    /// <summary>Reads and repairs the log until it is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            bool hasMore = false;
            try
            {
                hasMore = await PollAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (Exception exception)
            {
                // A logger of the app's, or a listener to the metrics, that throws: that is no reason to go deaf.
                _failure ??= exception;
            }

            _firstAttempt.TrySetResult();
            if (!hasMore)
            {
                await Task.Delay(_options.PollInterval, _timeProvider, cancellationToken)
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
                _log.Listen(OnHint);
                _listens = true;
            }

            Freshness.Moment sent = await _reader.ReadAsync(cancellationToken).ConfigureAwait(false);

            // A log without an epoch that this node cannot vouch for is no proof that nothing was revoked.
            bool canVouch = _reader.Epoch is not null || _freshness.IsFresh;
            if (canVouch)
            {
                _freshness.HasRead(sent);
            }

            bool hasMore = await _repair.RepairAsync(sent, canVouch, cancellationToken).ConfigureAwait(false);
            Report(failure: null);
            return hasMore;
        }
        catch (Exception exception)
        {
            if (!cancellationToken.IsCancellationRequested)
            {
                _reader.HasFailed(again: _failure is not null);
                _repair.HasFailed();
                Report(exception);
            }

            return false;
        }
    }

    // One line when it begins and one when it ends.
    private void Report(Exception? failure)
    {
        _metrics.HasPolled(complete: failure is null);
        if (failure is not null && _failure is null)
        {
            _logger.LogUnreachable(failure);
        }
        else if (failure is null && _failure is not null)
        {
            _logger.LogReachable();
        }

        _failure = failure;
    }

    private void OnHint(LogEntry entry)
    {
        _hints.HasHint();
        if (_intake.AddHint(entry.Content))
        {
            _unconfirmed.AddKnown(new(entry.Content));
        }
    }
}
