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

    // The latest cutoffs of all that was dropped: tokens from before may have been revoked by it. UTC ticks.
    private long _droppedIssuedAt = long.MinValue;
    private long _droppedAuthenticationTime = long.MinValue;
    private int _count;

    public int Count => Volatile.Read(ref _count);

    public RevocationStatus GetStatus(in RevocableToken token)
    {
        return _inUse ? GetStatusInUse(in token) : RevocationStatus.NotRevoked;
    }

    private RevocationStatus GetStatusInUse(in RevocableToken token)
    {
        TokenUnderCheck check = new(in token);
        if ((_everything is { } everything && everything.Revokes(ref check))
            || (_issuers.TryGetValue(check.Issuer, out IssuerTable? issuer) && issuer.Revokes(ref check)))
        {
            return RevocationStatus.Revoked;
        }

        // Asked last: if the sweep drops an entry meanwhile, it has said so before.
        return WasDropped(ref check, TokenTimes.IssuedAt, ref _droppedIssuedAt)
            || WasDropped(ref check, TokenTimes.AuthenticationTime, ref _droppedAuthenticationTime)
            ? RevocationStatus.TooOld
            : RevocationStatus.NotRevoked;
    }

    /// <summary>Adds a revocation to what is held of its target.</summary>
    /// <param name="revocation">The revocation, of anything but a single token by its signature.</param>
    /// <param name="now">The time, which is the cutoff if the revocation names none.</param>
    public RevocationReceipt Add(Revocation revocation, DateTimeOffset now)
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
                ?? (revocation.Cutoff is null && target.HasCutoff ? AfterReceipts(cutoff, target, held, issuer, claims) : Cutoffs.NextSecond(cutoff));
            var entry = GroupEntry.Of(revocation, Cutoffs.Of(cutoff, acceptedFrom, revocation.Except));
            if (held is null)
            {
                Interlocked.Increment(ref _count);
            }
            else
            {
                entry = GroupEntry.Merge(held, entry);
            }

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
            return new()
            {
                Expires = new(entry.Expires, TimeSpan.Zero),
                AcceptedFrom = target.HasCutoff ? new(entry.AcceptedFrom, TimeSpan.Zero) : null,
            };
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
        foreach (ClaimTable claims in _issuers.Values.SelectMany(static issuer => issuer.Claims))
        {
            foreach (KeyValuePair<string, GroupEntry> entry in claims.Entries)
            {
                if (entry.Value.Expires < lapsed)
                {
                    WillDrop(entry.Value);

                    // Removes it only as it is: one that was merged with another meanwhile stays.
                    if (claims.Entries.TryRemove(entry))
                    {
                        Interlocked.Decrement(ref _count);
                    }
                }
            }
        }

        lock (_writing)
        {
            if (_everything is { } everything && everything.Expires < lapsed)
            {
                WillDrop(everything);
                _everything = null;
                Interlocked.Decrement(ref _count);
            }

            foreach ((string name, IssuerTable issuer) in _issuers)
            {
                if (issuer.All is { } all && all.Expires < lapsed)
                {
                    WillDrop(all);
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

    // Before the entry goes, so that a request finds either it or this.
    private void WillDrop(GroupEntry entry)
    {
        Volatile.Write(ref _droppedIssuedAt, Math.Max(_droppedIssuedAt, entry.LatestIssuedAt));
        Volatile.Write(ref _droppedAuthenticationTime, Math.Max(_droppedAuthenticationTime, entry.LatestAuthenticationTime));
    }

    private static bool WasDropped(ref TokenUnderCheck token, string timeClaim, ref long dropped)
    {
        long cutoff = Volatile.Read(ref dropped);
        return cutoff != long.MinValue && token.IsUpTo(timeClaim, cutoff, cutoff);
    }

    /// <summary>
    /// The first whole second that is accepted after a revocation which is made now: the next one, unless the receipt of an
    /// earlier revocation in this very second has told an issuer to sign new tokens with that. They are revoked as well.
    /// </summary>
    /// <remarks>
    /// Of the same target, and for one that takes in others, whatever was told counts. Of another claim or value, which may or
    /// may not be of the same tokens, only the next second does: or many revocations of two kinds would drive each other
    /// ahead of the clock. Of another subject nothing does, because a token has but one.
    /// </remarks>
    private long AfterReceipts(long now, RevocationTarget target, GroupEntry? held, IssuerTable? issuer, ClaimTable? claims)
    {
        long next = Cutoffs.NextSecond(now);
        long told = held?.AcceptedFrom ?? long.MinValue;
        if (claims is null)
        {
            IEnumerable<IssuerTable> within = issuer is null ? _issuers.Values : [issuer];
            told = Math.Max(told, within.Select(static each => each.LatestAcceptedFrom).DefaultIfEmpty(long.MinValue).Max());
        }

        ClaimTable? otherSubjects = target.Kind == RevocationTargetKind.Subject ? claims : null;
        long toldOfOthers = Math.Max(issuer?.LatestAcceptedFromBut(otherSubjects) ?? long.MinValue, _everything?.AcceptedFrom ?? long.MinValue);
        told = Math.Max(told, Math.Min(toldOfOthers, next));
        return told >= next ? told + TimeSpan.TicksPerSecond : next;
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
