using System.Collections.Concurrent;
using Microsoft.IdentityModel.JsonWebTokens;

namespace JwtRevocation;

/// <summary>The revocations of all but single tokens by their signature: one entry each, however many tokens it ends.</summary>
internal sealed class GroupTable
{
    private readonly Lock _writing = new();
    private readonly ConcurrentDictionary<string, IssuerTable> _issuers = new(StringComparer.Ordinal);
    private volatile GroupEntry? _everything;

    // Until the first group is revoked, a request pays for reading this, and for nothing else.
    private volatile bool _inUse;

    // A receipt allows a new token's time to be ahead of the clock, and no further than this.
    private static readonly long FarthestAhead = TimeSpan.FromMinutes(1).Ticks;

    private readonly DroppedCutoffs _dropped = new();
    private int _count;

    public int Count => Volatile.Read(ref _count);

    public RevocationStatus GetStatus(in RevocableToken token)
    {
        return _inUse ? GetStatusInUse(in token) : RevocationStatus.NotRevoked;
    }

    private RevocationStatus GetStatusInUse(in RevocableToken token)
    {
        TokenUnderCheck check = new(in token);
        _issuers.TryGetValue(check.Issuer, out IssuerTable? issuer);
        if ((_everything is { } everything && everything.Revokes(ref check)) || (issuer is not null && issuer.Revokes(ref check)))
        {
            return RevocationStatus.Revoked;
        }

        // Asked last: if the sweep drops an entry meanwhile, it has said so before.
        return _dropped.MayHaveRevoked(ref check) || (issuer is not null && issuer.Dropped.MayHaveRevoked(ref check))
            ? RevocationStatus.TooOld
            : RevocationStatus.NotRevoked;
    }

    /// <summary>Adds a revocation to what is held of its target.</summary>
    /// <param name="revocation">The revocation, of anything but a single token by its signature.</param>
    /// <param name="now">The time, which is the cutoff if the revocation names none.</param>
    /// <returns>
    /// The receipt; the revocation with all that was left to the store, so that it says the same wherever it is added; and
    /// whether it made a difference to what is held, remarks apart.
    /// </returns>
    public (RevocationReceipt Receipt, Revocation Added, bool HasChanged) Add(Revocation revocation, DateTimeOffset now)
    {
        RevocationTarget target = revocation.Target;
        lock (_writing)
        {
            IssuerTable? issuer = target.Issuer is null ? null : _issuers.GetOrAdd(target.Issuer, static _ => new());
            ClaimTable? claims = issuer is null ? null : ClaimsOf(issuer, target);
            GroupEntry? held = claims is not null ? claims.Entries.GetValueOrDefault(target.Value!)
                : issuer is not null ? issuer.All
                : _everything;

            long cutoff = revocation.Cutoff?.UtcTicks ?? now.UtcTicks;
            long acceptedFrom = revocation.AcceptedFrom?.UtcTicks
                ?? FirstAccepted(cutoff, now.UtcTicks, revocation, held, issuer, claims);
            var entry = GroupEntry.Of(revocation, Cutoffs.Of(cutoff, acceptedFrom, revocation.Except));
            if (held is null)
            {
                Interlocked.Increment(ref _count);
            }
            else
            {
                entry = GroupEntry.Merge(held, entry);
            }

            bool hasChanged = held is null || !entry.SaysTheSameAs(held);

            if (claims is not null)
            {
                claims.Add(target.Value!, entry);
            }
            else if (issuer is not null)
            {
                issuer.All = entry;
            }
            else
            {
                _everything = entry;
            }

            _inUse = true;
            RevocationReceipt receipt = new()
            {
                Expires = new(entry.Expires, TimeSpan.Zero),
                AcceptedFrom = revocation.SignsNewToken ? new(entry.AcceptedFrom, TimeSpan.Zero) : null,
            };
            return (receipt, revocation.With(new(cutoff, TimeSpan.Zero), target.HasCutoff ? new(acceptedFrom, TimeSpan.Zero) : null), hasChanged);
        }
    }

    public IEnumerable<Revocation> Revocations()
    {
        IEnumerable<GroupEntry> entries = _issuers.Values.SelectMany(static issuer => issuer.Entries());
        if (_everything is { } everything)
        {
            entries = entries.Append(everything);
        }

        return entries.SelectMany(static entry => entry.Revocations());
    }

    /// <summary>Drops what had lapsed by <paramref name="lapsed"/>. Sweeps must not overlap.</summary>
    public void Sweep(long lapsed)
    {
        foreach (IssuerTable issuer in _issuers.Values)
        {
            foreach (KeyValuePair<string, GroupEntry> entry in issuer.Claims.SelectMany(static claims => claims.Entries))
            {
                if (entry.Value.Expires < lapsed)
                {
                    Drop(issuer, entry);
                }
            }
        }

        lock (_writing)
        {
            if (_everything is { } everything && everything.Expires < lapsed)
            {
                _dropped.Add(everything);
                _everything = null;
                Interlocked.Decrement(ref _count);
            }

            foreach ((string name, IssuerTable issuer) in _issuers)
            {
                if (issuer.All is { } all && all.Expires < lapsed)
                {
                    issuer.Dropped.Add(all);
                    issuer.All = null;
                    Interlocked.Decrement(ref _count);
                }

                issuer.Prune();
                if (issuer.IsEmpty)
                {
                    _issuers.TryRemove(name, out _);
                }
            }
        }
    }

    private void Drop(IssuerTable issuer, KeyValuePair<string, GroupEntry> entry)
    {
        issuer.Dropped.Add(entry.Value);
        lock (_writing)
        {
            // Removes it only as it is: one that was merged with another meanwhile stays.
            if (issuer.Claims.Any(claims => claims.Entries.TryRemove(entry)))
            {
                Interlocked.Decrement(ref _count);
            }
        }
    }

    /// <summary>
    /// The first whole second that is accepted after a revocation: the next one, unless the receipt of an earlier revocation
    /// in this very second has allowed that for a new token. Such a token is revoked as well.
    /// </summary>
    /// <remarks>
    /// Receipts of the same target count, and of all that may be of the same tokens; of another subject none does, because a
    /// token has but one. A new token must also pass everything else that may be of it.
    /// </remarks>
    private long FirstAccepted(long cutoff, long now, Revocation revocation, GroupEntry? held, IssuerTable? issuer, ClaimTable? claims)
    {
        long next = Cutoffs.NextSecond(cutoff);
        if (!revocation.Target.HasCutoff || next < Cutoffs.NextSecond(now))
        {
            return next;
        }

        ClaimTable? otherSubjects = revocation.Target.Kind == RevocationTargetKind.Subject ? claims : null;
        IEnumerable<IssuerTable> issuers = issuer is null ? _issuers.Values : [issuer];
        long promised = Math.Max(held?.Promised ?? long.MinValue, _everything?.Promised ?? long.MinValue);
        long others = Math.Max(held?.AcceptedFrom ?? long.MinValue, _everything?.AcceptedFrom ?? long.MinValue);
        foreach (IssuerTable each in issuers)
        {
            promised = Math.Max(promised, each.LatestPromisedBut(otherSubjects));
            others = Math.Max(others, each.LatestAcceptedFromBut(otherSubjects));
        }

        long first = promised >= next ? Math.Min(promised + TimeSpan.TicksPerSecond, DateTime.MaxValue.Ticks) : next;
        if (!revocation.SignsNewToken)
        {
            return first;
        }

        first = Math.Max(first, others);
        return first - now <= FarthestAhead
            ? first
            : throw new RevocationFailedException("Other revocations of these tokens reach more than a minute ahead of the clock, so that a new token could not be accepted at once. Try again later.");
    }

    private static ClaimTable? ClaimsOf(IssuerTable issuer, RevocationTarget target) => target.Kind switch
    {
        RevocationTargetKind.TokenId => issuer.GetOrAdd(JwtRegisteredClaimNames.Jti),
        RevocationTargetKind.Session => issuer.GetOrAdd(JwtRegisteredClaimNames.Sid),
        RevocationTargetKind.Subject => issuer.GetOrAdd(JwtRegisteredClaimNames.Sub),
        RevocationTargetKind.Client => issuer.GetOrAdd("client_id", JwtRegisteredClaimNames.Azp),
        RevocationTargetKind.Claim => issuer.GetOrAdd(target.ClaimName!),
        _ => null,
    };
}
