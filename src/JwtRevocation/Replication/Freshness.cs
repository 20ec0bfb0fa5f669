namespace JwtRevocation;

/// <summary>
/// Whether the last complete read of the log is recent enough to vouch for a token. It is judged when it is asked: no timer
/// that came late makes it wrong.
/// </summary>
internal sealed class Freshness(TimeProvider timeProvider, TimeSpan maxStaleness)
{
    private Moment? _read;

    /// <summary>Whether this node can vouch for tokens.</summary>
    public bool IsFresh => Age <= maxStaleness;

    /// <summary>The time since the last complete read was sent; <see cref="TimeSpan.MaxValue"/> if there was none.</summary>
    public TimeSpan Age
    {
        get
        {
            if (Volatile.Read(ref _read) is not { } read)
            {
                return TimeSpan.MaxValue;
            }

            // By both clocks: the one that counts stands still while the machine is suspended, and the other can be set back.
            TimeSpan counted = timeProvider.GetElapsedTime(read.Timestamp);
            TimeSpan byWallClock = timeProvider.GetUtcNow() - read.Time;
            return counted > byWallClock ? counted : byWallClock;
        }
    }

    /// <summary>The present moment, to be taken before a read is sent.</summary>
    public Moment Now() => new(timeProvider.GetTimestamp(), timeProvider.GetUtcNow());

    /// <summary>Notes a complete read.</summary>
    /// <param name="sent">When it was sent: what was revoked after that may not be in the answer.</param>
    public void HasRead(Moment sent) => Volatile.Write(ref _read, sent);

    internal sealed record Moment(long Timestamp, DateTimeOffset Time);
}
