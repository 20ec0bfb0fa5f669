namespace JwtRevocation;

/// <summary>Up to when tokens are revoked: those whose time has a fraction, and those that name a whole second.</summary>
/// <param name="Exact">For times with a fraction: the moments of the revocations.</param>
/// <param name="WholeSeconds">
/// For whole seconds: those up to which a token may have been issued before a revocation. It runs ahead of the clock when
/// the receipt of one revocation allowed the next second, and another revocation followed at once.
/// </param>
internal readonly record struct Cutoffs(CutoffRegisters Exact, CutoffRegisters WholeSeconds)
{
    /// <summary>UTC ticks of the first whole second that a new token may have been issued in.</summary>
    public long AcceptedFrom => WholeSeconds.IsEmpty ? long.MinValue : WholeSeconds.Latest + TimeSpan.TicksPerSecond;

    public long Latest => Math.Max(Exact.Latest, WholeSeconds.Latest);

    /// <param name="cutoff">UTC ticks.</param>
    /// <param name="acceptedFrom">UTC ticks of the first whole second that is not revoked.</param>
    /// <param name="except">What is spared.</param>
    public static Cutoffs Of(long cutoff, long acceptedFrom, RevocationTarget? except) =>
        new(CutoffRegisters.Of(cutoff, except), CutoffRegisters.Of(acceptedFrom - TimeSpan.TicksPerSecond, except));

    /// <summary>The first whole second after a moment, or the end of time if there is none; UTC ticks.</summary>
    public static long NextSecond(long ticks) =>
        Math.Min(ticks - (ticks % TimeSpan.TicksPerSecond) + TimeSpan.TicksPerSecond, DateTime.MaxValue.Ticks);

    public static Cutoffs Merge(in Cutoffs a, in Cutoffs b) =>
        new(CutoffRegisters.Merge(a.Exact, b.Exact), CutoffRegisters.Merge(a.WholeSeconds, b.WholeSeconds));

    public bool Revokes(ref TokenUnderCheck token, string timeClaim) =>
        !Exact.IsEmpty && token.IsUpTo(timeClaim, Exact.For(in token.Token), WholeSeconds.For(in token.Token));

    /// <summary>Revocations that, merged again, make these cutoffs.</summary>
    public IEnumerable<Fact> Facts()
    {
        // Mostly the registers go together, and one fact says both.
        Dictionary<(long Second, RevocationTarget? Except), long> open = [];
        foreach ((long second, RevocationTarget? except) in WholeSeconds.Facts())
        {
            open[(second, except)] = second + TimeSpan.TicksPerSecond;
        }

        foreach ((long cutoff, RevocationTarget? except) in Exact.Facts())
        {
            open.Remove((NextSecond(cutoff) - TimeSpan.TicksPerSecond, except));
            yield return new(cutoff, NextSecond(cutoff), except);
        }

        foreach (((long _, RevocationTarget? except), long acceptedFrom) in open)
        {
            yield return new(DateTime.MinValue.Ticks, acceptedFrom, except);
        }
    }

    internal readonly record struct Fact(long Cutoff, long AcceptedFrom, RevocationTarget? Except);
}
