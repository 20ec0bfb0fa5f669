namespace JwtRevocation;

/// <summary>All that is held of one target that is not a single token by its signature.</summary>
internal sealed class GroupEntry
{
    private GroupEntry(RevocationTarget target, CutoffRegister byIssuedAt, CutoffRegister byAuthenticationTime, long expires, string? reason, string? actor)
    {
        Target = target;
        ByIssuedAt = byIssuedAt;
        ByAuthenticationTime = byAuthenticationTime;
        Expires = expires;
        Reason = reason;
        Actor = actor;
    }

    public RevocationTarget Target { get; }

    public CutoffRegister ByIssuedAt { get; }

    public CutoffRegister ByAuthenticationTime { get; }

    /// <summary>UTC ticks at which it has lapsed.</summary>
    public long Expires { get; }

    public string? Reason { get; }

    public string? Actor { get; }

    /// <summary>The latest moment up to which it revokes tokens.</summary>
    public long LatestCutoff => Math.Max(ByIssuedAt.Cutoff, ByAuthenticationTime.Cutoff);

    /// <summary>UTC ticks of the first whole second that a new token may have been issued in.</summary>
    public long AcceptedFrom => NextSecond(LatestCutoff);

    public static long NextSecond(long ticks) => ticks - (ticks % TimeSpan.TicksPerSecond) + TimeSpan.TicksPerSecond;

    public static GroupEntry Of(Revocation revocation, long cutoff)
    {
        CutoffRegister register = CutoffRegister.Of(cutoff, revocation.Except);
        return new(
            revocation.Target,
            revocation.ByAuthenticationTime ? CutoffRegister.None : register,
            revocation.ByAuthenticationTime ? register : CutoffRegister.None,
            revocation.Expires.UtcTicks,
            revocation.Reason,
            revocation.Actor);
    }

    /// <summary>The strictest of both; the remarks of the newer one.</summary>
    public static GroupEntry Merge(GroupEntry older, GroupEntry newer) => new(
        older.Target,
        CutoffRegister.Merge(older.ByIssuedAt, newer.ByIssuedAt),
        CutoffRegister.Merge(older.ByAuthenticationTime, newer.ByAuthenticationTime),
        Math.Max(older.Expires, newer.Expires),
        newer.Reason ?? older.Reason,
        newer.Actor ?? older.Actor);

    /// <summary>Whether it revokes a token of its target.</summary>
    public bool Revokes(in RevocableToken token) =>
        !Target.HasCutoff
        || ByIssuedAt.Revokes(in token, TokenTimes.IssuedAt)
        || ByAuthenticationTime.Revokes(in token, TokenTimes.AuthenticationTime);

    public IEnumerable<Revocation> Revocations() =>
        Revocations(ByIssuedAt, byAuthenticationTime: false).Concat(Revocations(ByAuthenticationTime, byAuthenticationTime: true));

    private IEnumerable<Revocation> Revocations(CutoffRegister register, bool byAuthenticationTime)
    {
        if (register.IsNone)
        {
            yield break;
        }

        yield return ToRevocation(register.Cutoff, register.Spared, byAuthenticationTime);
        if (register.Spared is not null && register.SparedCutoff != long.MinValue)
        {
            yield return ToRevocation(register.SparedCutoff, except: null, byAuthenticationTime);
        }
    }

    private Revocation ToRevocation(long cutoff, RevocationTarget? except, bool byAuthenticationTime) => new()
    {
        Target = Target,
        Expires = new(Expires, TimeSpan.Zero),
        Cutoff = new(cutoff, TimeSpan.Zero),
        ByAuthenticationTime = byAuthenticationTime,
        Except = except,
        Reason = Reason,
        Actor = Actor,
    };
}
