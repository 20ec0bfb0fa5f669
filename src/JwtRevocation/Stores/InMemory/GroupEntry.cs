namespace JwtRevocation;

/// <summary>All that is held of one target that is not a single token by its signature.</summary>
internal sealed class GroupEntry
{
    private readonly Cutoffs _byIssuedAt;
    private readonly Cutoffs _byAuthenticationTime;

    private GroupEntry(RevocationTarget target, in Cutoffs byIssuedAt, in Cutoffs byAuthenticationTime, long promised, long expires, string? reason, string? actor)
    {
        Target = target;
        _byIssuedAt = byIssuedAt;
        _byAuthenticationTime = byAuthenticationTime;
        Promised = promised;
        Expires = expires;
        Reason = reason;
        Actor = actor;
    }

    public RevocationTarget Target { get; }

    /// <summary>
    /// The latest whole second that a receipt has allowed for a new token, in UTC ticks; <see cref="long.MinValue"/> if none
    /// has.
    /// </summary>
    public long Promised { get; }

    /// <summary>UTC ticks at which it has lapsed.</summary>
    public long Expires { get; }

    public string? Reason { get; }

    public string? Actor { get; }

    /// <summary>
    /// The latest moment up to which tokens are refused, by when they were issued, once it was dropped; UTC ticks. Never one
    /// that has yet to come, whatever cutoff somebody wrote: the tokens of a whole issuer are meant.
    /// </summary>
    public long LatestIssuedAt => Math.Min(_byIssuedAt.Latest, Expires);

    /// <summary>The same by when their user signed in.</summary>
    public long LatestAuthenticationTime => Math.Min(_byAuthenticationTime.Latest, Expires);

    /// <summary>UTC ticks of the first whole second that a new token may have been issued in.</summary>
    public long AcceptedFrom => Math.Max(_byIssuedAt.AcceptedFrom, _byAuthenticationTime.AcceptedFrom);

    public static GroupEntry Of(Revocation revocation, Cutoffs cutoffs) => new(
        revocation.Target,
        revocation.ByAuthenticationTime ? default : cutoffs,
        revocation.ByAuthenticationTime ? cutoffs : default,
        revocation.SignsNewToken ? cutoffs.AcceptedFrom : long.MinValue,
        revocation.Expires.UtcTicks,
        revocation.Reason,
        revocation.Actor);

    /// <summary>The strictest of both; the remarks of the newer one.</summary>
    public static GroupEntry Merge(GroupEntry older, GroupEntry newer) => new(
        older.Target,
        Cutoffs.Merge(older._byIssuedAt, newer._byIssuedAt),
        Cutoffs.Merge(older._byAuthenticationTime, newer._byAuthenticationTime),
        Math.Max(older.Promised, newer.Promised),
        Math.Max(older.Expires, newer.Expires),
        newer.Reason ?? older.Reason,
        newer.Actor ?? older.Actor);

    /// <summary>Whether it decides as another one of its target, and lasts as long.</summary>
    public bool SaysTheSameAs(GroupEntry other) =>
        _byIssuedAt == other._byIssuedAt
        && _byAuthenticationTime == other._byAuthenticationTime
        && Promised == other.Promised
        && Expires == other.Expires;

    /// <summary>Whether it revokes a token of its target.</summary>
    public bool Revokes(ref TokenUnderCheck token) =>
        !Target.HasCutoff
        || _byIssuedAt.Revokes(ref token, TokenTimes.IssuedAt)
        || _byAuthenticationTime.Revokes(ref token, TokenTimes.AuthenticationTime);

    public IEnumerable<Revocation> Revocations() =>
        _byIssuedAt.Facts().Select(fact => ToRevocation(fact, byAuthenticationTime: false))
            .Concat(_byAuthenticationTime.Facts().Select(fact => ToRevocation(fact, byAuthenticationTime: true)));

    private Revocation ToRevocation(Cutoffs.Fact fact, bool byAuthenticationTime) => new()
    {
        Target = Target,
        Expires = new(Expires, TimeSpan.Zero),
        Cutoff = new(fact.Cutoff, TimeSpan.Zero),
        AcceptedFrom = Target.HasCutoff ? new(fact.AcceptedFrom, TimeSpan.Zero) : null,
        ByAuthenticationTime = byAuthenticationTime,

        // An earlier promise is taken in by what has been accepted from since.
        SignsNewToken = Target.HasCutoff && Promised == fact.AcceptedFrom,
        Except = fact.Except,
        Reason = Reason,
        Actor = Actor,
    };
}
