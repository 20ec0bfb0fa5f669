namespace JwtRevocation;

/// <summary>
/// Whether the last complete read of the log is recent enough to vouch for a token. It is judged when it is asked: no timer
/// that came late makes it wrong.
/// </summary>
/// <remarks>
/// By both clocks: the one that counts stands still while the machine is suspended, and the other can be set back.
/// </remarks>
internal sealed class Freshness(TimeProvider timeProvider, TimeSpan maxStaleness)
{
    private Read? _last;

    /// <summary>Whether this node can vouch for tokens. Asked for each request.</summary>
    public bool IsFresh =>
        Volatile.Read(ref _last) is { } last
        && timeProvider.GetTimestamp() <= last.LastTimestamp
        && timeProvider.GetUtcNow().UtcTicks <= last.LastUtcTicks;

    /// <summary>The time since the last complete read was sent; <see cref="TimeSpan.MaxValue"/> if there was none.</summary>
    public TimeSpan Age
    {
        get
        {
            if (Volatile.Read(ref _last) is not { Sent: { } sent })
            {
                return TimeSpan.MaxValue;
            }

            TimeSpan counted = timeProvider.GetElapsedTime(sent.Timestamp);
            TimeSpan byWallClock = timeProvider.GetUtcNow() - sent.Time;
            return counted > byWallClock ? counted : byWallClock;
        }
    }

    /// <summary>The present moment, to be taken before a read is sent.</summary>
    public Moment Now() => new(timeProvider.GetTimestamp(), timeProvider.GetUtcNow());

    /// <summary>Notes a complete read.</summary>
    /// <param name="sent">When it was sent: what was revoked after that may not be in the answer.</param>
    public void HasRead(Moment sent) => Volatile.Write(
        ref _last,
        new(
            sent,
            sent.Timestamp + (long)(maxStaleness.TotalSeconds * timeProvider.TimestampFrequency),
            sent.Time.UtcTicks + maxStaleness.Ticks));

    internal sealed record Moment(long Timestamp, DateTimeOffset Time);

    private sealed record Read(Moment Sent, long LastTimestamp, long LastUtcTicks);
}
