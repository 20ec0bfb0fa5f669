using System.Collections.Concurrent;
using System.Runtime.CompilerServices;

namespace JwtRevocation;

/// <summary>All the revocations that a process holds in memory.</summary>
internal sealed class RevocationTables
{
    private readonly GroupTable _groups = new();

    // Said of single tokens only by those who want to read it in a list; most entries have none.
    private readonly ConcurrentDictionary<TokenFingerprint, (string? Reason, string? Actor)> _remarks = new();

    // Keeps a remark and its token together: the sweep must not find the one without the other.
    private readonly Lock _remarking = new();

    /// <inheritdoc cref="IAnnouncingStore.TokenRevoked" />
    public event Action<TokenFingerprint>? TokenRevoked;

    /// <inheritdoc cref="IAnnouncingStore.GroupRevoked" />
    public event Action<RevocationTarget>? GroupRevoked;

    /// <summary>The single tokens, by fingerprint.</summary>
    public TokenTable Tokens { get; } = new();

    /// <summary>The number of entries held, lapsed ones that were not swept yet among them.</summary>
    public int Count => Tokens.Count + _groups.Count;

    public RevocationStatus GetStatus(in RevocableToken token) =>
        Tokens.Contains(token.Fingerprint) ? RevocationStatus.Revoked : _groups.GetStatus(in token);

    /// <summary>Adds a revocation to what is held.</summary>
    /// <param name="revocation">The revocation.</param>
    /// <param name="now">The time, which is the cutoff if the revocation needs one and names none.</param>
    /// <returns>The receipt, and the revocation with all that was left to the store: added anywhere, it says the same.</returns>
    public (RevocationReceipt Receipt, Revocation Added) Add(Revocation revocation, DateTimeOffset now)
    {
        if (revocation.Target.Fingerprint is not { } fingerprint)
        {
            (RevocationReceipt receipt, Revocation added, _) = AddGroup(revocation, now);
            return (receipt, added);
        }

        long kept;
        if (revocation.Reason is null && revocation.Actor is null)
        {
            kept = AddToken(fingerprint, revocation.Expires.UtcTicks);
        }
        else
        {
            lock (_remarking)
            {
                _remarks.AddOrUpdate(
                    fingerprint,
                    static (_, added) => (added.Reason, added.Actor),
                    static (_, held, added) => (added.Reason ?? held.Reason, added.Actor ?? held.Actor),
                    revocation);
                kept = Tokens.Add(fingerprint, revocation.Expires.UtcTicks);
            }

            TokenRevoked?.Invoke(fingerprint);
        }

        return (new() { Expires = new(kept, TimeSpan.Zero) }, revocation);
    }

    /// <summary>Adds a revocation of anything but a single token, with all that may be left to a store.</summary>
    /// <returns>Whether that made a difference to what is held, remarks apart.</returns>
    public bool AddGroup(Revocation revocation) => AddGroup(revocation, default).HasChanged;

    /// <summary>Adds a single token.</summary>
    /// <returns>UTC ticks until which it is kept.</returns>
    public long AddToken(TokenFingerprint fingerprint, long expires)
    {
        long kept = Tokens.Add(fingerprint, expires);
        TokenRevoked?.Invoke(fingerprint);
        return kept;
    }

    /// <summary>The revocations of single tokens.</summary>
    public IEnumerable<Revocation> TokenRevocations()
    {
        foreach ((TokenFingerprint fingerprint, long expires) in Tokens.Entries())
        {
            yield return TokenRevocation(fingerprint, expires);
        }
    }

    /// <summary>The revocations of everything else.</summary>
    public IEnumerable<Revocation> GroupRevocations() => _groups.Revocations();

    /// <summary>Whether anything was said of a single token.</summary>
    public bool HasRemarks(TokenFingerprint fingerprint) => !_remarks.IsEmpty && _remarks.ContainsKey(fingerprint);

    /// <summary>What is held of a single token.</summary>
    /// <param name="fingerprint">Its fingerprint.</param>
    /// <param name="expires">UTC ticks until which it is kept.</param>
    public Revocation TokenRevocation(TokenFingerprint fingerprint, long expires)
    {
        (string? reason, string? actor) = _remarks.GetValueOrDefault(fingerprint);
        return new()
        {
            Target = RevocationTarget.OfStored(fingerprint),
            Expires = new(expires, TimeSpan.Zero),
            Reason = reason,
            Actor = actor,
        };
    }

    /// <summary>Lists all that is held.</summary>
    public async IAsyncEnumerable<Revocation> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (Revocation revocation in TokenRevocations().Concat(GroupRevocations()))
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return revocation;
        }

        await Task.CompletedTask.ConfigureAwait(false);
    }

    private (RevocationReceipt Receipt, Revocation Added, bool HasChanged) AddGroup(Revocation revocation, DateTimeOffset now)
    {
        (RevocationReceipt Receipt, Revocation Added, bool HasChanged) added = _groups.Add(revocation, now);
        GroupRevoked?.Invoke(revocation.Target);
        return added;
    }

    /// <summary>Drops what had lapsed by <paramref name="lapsed"/>. Sweeps must not overlap.</summary>
    public void Sweep(long lapsed)
    {
        Tokens.Sweep(lapsed);
        _groups.Sweep(lapsed);
        foreach (TokenFingerprint fingerprint in _remarks.Keys)
        {
            lock (_remarking)
            {
                if (!Tokens.Contains(fingerprint))
                {
                    _remarks.TryRemove(fingerprint, out _);
                }
            }
        }
    }
}
