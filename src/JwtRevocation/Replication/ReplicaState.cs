namespace JwtRevocation;

/// <summary>What there is to say of a replica, for the health check.</summary>
/// <param name="IsFresh">Whether it can vouch for tokens.</param>
/// <param name="Age">The time since the last complete read was sent; <see cref="TimeSpan.MaxValue"/> if there was none.</param>
/// <param name="Failure">Why the log cannot be read or written to, if it cannot.</param>
/// <param name="WaitsToInitialize">Whether it waits for other nodes to tell what an empty log has lost.</param>
/// <param name="IsDeaf">Whether hints seem not to arrive.</param>
/// <param name="Unacknowledged">Revocations of this node that the log has not acknowledged.</param>
/// <param name="Missing">Entries that the log has lost and this node holds.</param>
/// <param name="Skipped">Entries that cannot be read.</param>
/// <param name="HasCutoffsAhead">Whether there are cutoffs that lie far ahead.</param>
/// <param name="Warnings">What the log has to say.</param>
internal sealed record ReplicaState(
    bool IsFresh,
    TimeSpan Age,
    Exception? Failure,
    bool WaitsToInitialize,
    bool IsDeaf,
    int Unacknowledged,
    int Missing,
    int Skipped,
    bool HasCutoffsAhead,
    IReadOnlyCollection<string> Warnings);
