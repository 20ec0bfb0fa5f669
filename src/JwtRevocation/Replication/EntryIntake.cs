using Microsoft.Extensions.Logging;

namespace JwtRevocation;

/// <summary>Puts entries of the log into the memory, and skips those that it cannot read.</summary>
internal sealed class EntryIntake(RevocationTables tables, ReplicaMetrics metrics, TimeProvider timeProvider, ILogger logger)
{
    private readonly CutoffsAhead _ahead = new(timeProvider);

    // Hints come on other threads than what is read.
    private readonly Lock _capping = new();
    private int _skipped;
    private bool _saidSkipped;
    private bool _saidAhead;

    /// <summary>The number of entries that could not be read, of those in the log.</summary>
    public int Skipped => Volatile.Read(ref _skipped);

    public bool HasCutoffsAhead => _ahead.AreAny;

    /// <summary>Whether the memory has what an entry says, as far as that is easily seen.</summary>
    public bool IsHeld(ReadOnlySpan<byte> content) =>
        EntryFormat.TryReadToken(content, out TokenFingerprint fingerprint, out long expires) && tables.Tokens.Holds(fingerprint, expires);

    /// <summary>Begins to count anew those that cannot be read, because all are.</summary>
    public void Restart() => Volatile.Write(ref _skipped, 0);

    /// <summary>Forgets which cutoffs were too far ahead to be believed, because it is this node's clock that was wrong, or is now.</summary>
    public void JudgeCutoffsAnew()
    {
        lock (_capping)
        {
            _ahead.Clear();
        }
    }

    /// <summary>Adds an entry that was read.</summary>
    /// <param name="content">The entry.</param>
    /// <param name="seen">What all entries of the log come to, to which it is added as well.</param>
    /// <returns>UTC ticks at which it lapses.</returns>
    public long AddRead(ReadOnlyMemory<byte> content, RevocationTables? seen)
    {
        if (TryAdd(content, seen, out long expires))
        {
            return expires;
        }

        Interlocked.Increment(ref _skipped);
        metrics.HasSkipped();
        if (!_saidSkipped)
        {
            _saidSkipped = true;
            logger.SkippedEntry();
        }

        // Whoever can read it knows when it lapses.
        return long.MaxValue;
    }

    /// <summary>Adds an entry that a hint told of.</summary>
    /// <returns>Whether it was new, and can be read.</returns>
    public bool AddHint(ReadOnlyMemory<byte> content) => !IsHeld(content.Span) && TryAdd(content, seen: null, out _);

    private bool TryAdd(ReadOnlyMemory<byte> content, RevocationTables? seen, out long expires)
    {
        if (EntryFormat.TryReadToken(content.Span, out TokenFingerprint fingerprint, out expires))
        {
            tables.AddToken(fingerprint, expires);
            seen?.AddToken(fingerprint, expires);
            return true;
        }

        if (EntryFormat.Read(content.Span) is not { } revocation)
        {
            return false;
        }

        expires = revocation.Expires.UtcTicks;
        revocation = Cap(revocation, content.Span);
        DateTimeOffset now = timeProvider.GetUtcNow();
        tables.Add(revocation, now);
        seen?.Add(revocation, now);
        return true;
    }

    private Revocation Cap(Revocation revocation, ReadOnlySpan<byte> content)
    {
        lock (_capping)
        {
            revocation = _ahead.Cap(revocation, content);
            if (_ahead.AreAny && !_saidAhead)
            {
                _saidAhead = true;
                logger.CutoffAhead();
            }

            return revocation;
        }
    }
}
