namespace JwtRevocation;

/// <summary>
/// A register for revocations that spare a session, or nothing, and one for those that spare a single token: of these two, a
/// token can be both.
/// </summary>
internal readonly record struct CutoffRegisters(CutoffRegister? SparingSessions, CutoffRegister? SparingTokens)
{
    public bool IsEmpty => SparingSessions is null && SparingTokens is null;

    /// <summary>The latest cutoff of all.</summary>
    public long Latest => Math.Max(SparingSessions?.Cutoff ?? long.MinValue, SparingTokens?.Cutoff ?? long.MinValue);

    public static CutoffRegisters Of(long cutoff, RevocationTarget? except)
    {
        var register = CutoffRegister.Of(cutoff, except);
        return except?.Kind == RevocationTargetKind.Token ? new(null, register) : new(register, null);
    }

    public static CutoffRegisters Merge(CutoffRegisters a, CutoffRegisters b) =>
        new(CutoffRegister.Merge(a.SparingSessions, b.SparingSessions), CutoffRegister.Merge(a.SparingTokens, b.SparingTokens));

    /// <summary>The cutoff that a token is held against.</summary>
    public long For(in RevocableToken token) =>
        Math.Max(SparingSessions?.For(in token) ?? long.MinValue, SparingTokens?.For(in token) ?? long.MinValue);

    /// <inheritdoc cref="CutoffRegister.Facts" />
    public IEnumerable<(long Cutoff, RevocationTarget? Except)> Facts() =>
        (SparingSessions?.Facts() ?? []).Concat(SparingTokens?.Facts() ?? []);
}
