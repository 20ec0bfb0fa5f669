namespace JwtRevocation;

/// <summary>
/// Finds out that hints do not arrive: entries are read that no hint was there of before, nor comes within a while.
/// </summary>
/// <remarks>A subscription that is half dead says nothing of it. Nothing is lost meanwhile, it only takes longer.</remarks>
internal sealed class HintWatch(TimeProvider timeProvider)
{
    // One may have been just behind its entry, or lost; several in a row, with none that came in between, are not chance.
    private const int FewestMissed = 3;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    // What nobody announces, as another writer may not, looks the same. In a fleet that is not idle more goes on to be missed.
    private static readonly TimeSpan Memory = TimeSpan.FromMinutes(1);

    private int _missed;
    private long _since;
    private long _last;

    /// <summary>Whether hints seem not to arrive.</summary>
    public bool IsDeaf =>
        Volatile.Read(ref _missed) >= FewestMissed
        && timeProvider.GetElapsedTime(Volatile.Read(ref _since)) > Patience
        && timeProvider.GetElapsedTime(Volatile.Read(ref _last)) < Memory;

    public void HasHint() => Volatile.Write(ref _missed, 0);

    public void HasMissed()
    {
        Volatile.Write(ref _last, timeProvider.GetTimestamp());
        if (Interlocked.Increment(ref _missed) == FewestMissed)
        {
            Volatile.Write(ref _since, timeProvider.GetTimestamp());
        }
    }
}
