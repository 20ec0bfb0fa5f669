namespace JwtRevocation;

/// <summary>
/// The shared place from which every node's memory is kept complete. Give one to
/// <see cref="JwtRevocationBuilder.AddReplicatedStore"/>; the package JwtRevocation.Redis has one on Redis.
/// </summary>
/// <remarks>
/// <para>
/// A log is a set of entries, each at a position of its own, and positions only grow. Beside the entries it holds an
/// <em>epoch</em>, a text that tells whether they are still those that were there before.
/// </para>
/// <para>
/// Positions have gaps of random size (from 1 to 4096, say). A log that has gone back, and goes on from there, then does not
/// come to the same entry at the same position again, by which the nodes know that it is still the one they have read.
/// </para>
/// <para>
/// It need not be reliable. It may fail, answer late, lose what it has acknowledged, go back in time or be emptied: the
/// nodes find that out and write back what they hold. But it must not make a read up: what is read must come, in full, from
/// the place that takes the writes, and not from a replica of it, nor from a place that has been replaced and does not know.
/// </para>
/// <para>A method may throw anything; it is tried again. All are called by several threads at once.</para>
/// </remarks>
public interface IRevocationLog
{
    /// <summary>
    /// What somebody who operates the log should know, each in a sentence. The health check is degraded while there is any.
    /// </summary>
    IReadOnlyCollection<string> Warnings { get; }

    /// <summary>Adds entries after all that are there. One that is there already keeps its position.</summary>
    /// <param name="entries">The entries, not empty.</param>
    /// <param name="announce">Whether the nodes that listen are told at once.</param>
    /// <param name="cancellationToken">Cancels the wait; the entries may have been added all the same.</param>
    /// <returns>The position of each, once the log has them all.</returns>
    Task<IReadOnlyList<long>> AppendAsync(IReadOnlyList<ReadOnlyMemory<byte>> entries, bool announce, CancellationToken cancellationToken);

    /// <summary>Reads what is there from a position on.</summary>
    /// <param name="from">The first position that is wanted, from 0 on. The entry at it is read too.</param>
    /// <param name="count">The most entries that are wanted.</param>
    /// <param name="cancellationToken">Cancels the read.</param>
    /// <returns>The entries, by position. Fewer than <paramref name="count"/> means that these are all there are.</returns>
    Task<LogPage> ReadAsync(long from, int count, CancellationToken cancellationToken);

    /// <summary>
    /// Removes entries that have lapsed. It may keep those that have not by a clock of its own: a node's may be wrong.
    /// </summary>
    /// <param name="entries">The entries; never the last of the log, after which positions go on.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>A task.</returns>
    Task RemoveAsync(IReadOnlyList<ReadOnlyMemory<byte>> entries, CancellationToken cancellationToken);

    /// <summary>Gives the log an epoch, if it has none.</summary>
    /// <param name="epoch">The epoch.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>A task.</returns>
    Task InitializeAsync(string epoch, CancellationToken cancellationToken);

    /// <summary>
    /// Makes this node the one that repairs the log, so that not all of them write the same. It is a courtesy: two who do it
    /// at once do no harm.
    /// </summary>
    /// <param name="duration">For how long; asked again, it is extended.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>Whether it is this node.</returns>
    Task<bool> TryLeadRepairAsync(TimeSpan duration, CancellationToken cancellationToken);

    /// <summary>
    /// Has <paramref name="hint"/> called, as soon as possible, with each entry that any node announces. Hints save time, and
    /// nothing relies on them: they may be lost, late, doubled or out of order.
    /// </summary>
    /// <param name="hint">What is called. It does not block or throw.</param>
    void Listen(Action<LogEntry> hint);
}
