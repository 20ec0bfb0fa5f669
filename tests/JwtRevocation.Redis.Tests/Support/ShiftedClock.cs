namespace JwtRevocation.Redis.Tests;

/// <summary>A node's clock that is wrong, or leaps: only what it says the time is, not how time passes.</summary>
internal sealed class ShiftedClock(TimeSpan offset = default) : TimeProvider
{
    private long _offset = offset.Ticks;

    public TimeSpan Offset
    {
        get => new(Volatile.Read(ref _offset));
        set => Volatile.Write(ref _offset, value.Ticks);
    }

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + Offset;
}
