namespace JwtRevocation;

/// <summary>
/// Up to when the tokens of one target are revoked: all of them up to one cutoff, but one session (or one token) that is
/// spared, which is revoked up to an earlier one.
/// </summary>
/// <param name="Cutoff">UTC ticks; tokens from this moment or before are revoked, unless they are spared.</param>
/// <param name="Spared">What is spared, if anything is.</param>
/// <param name="SparedCutoff">The cutoff of what is spared. Earlier than <paramref name="Cutoff"/>, if anything is.</param>
/// <remarks>
/// It is a function from tokens to cutoffs, and <see cref="Merge"/> is the greater of two such functions for each token. Two
/// cutoffs and one exception are enough to write down any of them, as no token is of two sessions: of all revocations that
/// spare something, the latest decides for everybody else, and the latest that spares something different decides for what
/// it spares. So merging is safe in any order and any number of times, and a register never grows weaker.
/// </remarks>
internal sealed record CutoffRegister(long Cutoff, RevocationTarget? Spared, long SparedCutoff)
{
    public static CutoffRegister Of(long cutoff, RevocationTarget? spared) =>
        new(cutoff, spared, spared is null ? cutoff : long.MinValue);

    public static CutoffRegister? Merge(CutoffRegister? a, CutoffRegister? b)
    {
        if (a is null || b is null)
        {
            return a ?? b;
        }

        (CutoffRegister later, CutoffRegister earlier) = a.Cutoff >= b.Cutoff ? (a, b) : (b, a);
        if (later.Spared is null)
        {
            return later;
        }

        long spared = Math.Max(later.SparedCutoff, earlier.For(later.Spared));
        return spared < later.Cutoff ? later with { SparedCutoff = spared } : Of(later.Cutoff, spared: null);
    }

    /// <summary>The cutoff that a token is held against.</summary>
    public long For(in RevocableToken token) => Spared is null || !Spared.Matches(in token) ? Cutoff : SparedCutoff;

    /// <summary>Cutoffs, each with what it spares, that merged again make this register.</summary>
    public IEnumerable<(long Cutoff, RevocationTarget? Except)> Facts()
    {
        yield return (Cutoff, Spared);
        if (Spared is not null && SparedCutoff != long.MinValue)
        {
            yield return (SparedCutoff, null);
        }
    }

    private long For(RevocationTarget spared) => spared.Equals(Spared) ? SparedCutoff : Cutoff;
}
