using System.Diagnostics.Metrics;

namespace JwtRevocation;

/// <summary>The instruments of a replica.</summary>
internal sealed class ReplicaMetrics
{
    private static readonly KeyValuePair<string, object?> Complete = new("outcome", "complete");
    private static readonly KeyValuePair<string, object?> Failed = new("outcome", "failed");

    private readonly Counter<long> _polls;
    private readonly Counter<long> _reads;
    private readonly Counter<long> _writeBacks;
    private readonly Counter<long> _skipped;

    public ReplicaMetrics(IMeterFactory meterFactory, Freshness freshness)
    {
        Meter meter = meterFactory.Create(JwtRevocationDefaults.MeterName);
        _polls = meter.CreateCounter<long>("jwt_revocation.replica.polls", "{poll}", "Reads of the shared log, by outcome.");
        _reads = meter.CreateCounter<long>("jwt_revocation.replica.reads", "{entry}", "Entries read from the shared log.");
        _writeBacks = meter.CreateCounter<long>("jwt_revocation.replica.write_backs", "{entry}", "Entries written back that the shared log had lost.");
        _skipped = meter.CreateCounter<long>("jwt_revocation.replica.skipped", "{entry}", "Entries read that are damaged, or of an unknown version.");
        meter.CreateObservableGauge(
            "jwt_revocation.replica.lag",
            () => freshness.Age is { } age && age < TimeSpan.MaxValue ? (Measurement<double>[])[new(age.TotalSeconds)] : [],
            "s",
            "The time since the last complete read of the shared log was sent.");
    }

    public void HasPolled(bool complete) => Add(_polls, 1, complete ? Complete : Failed);

    public void HasRead(int entries) => Add(_reads, entries);

    public void HasWrittenBack(int entries) => Add(_writeBacks, entries);

    public void HasSkipped() => Add(_skipped, 1);

    // What listens is the app's.
    private static void Add(Counter<long> counter, long count, params ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        try
        {
            counter.Add(count, tags);
        }
        catch (Exception)
        {
            // There is nobody to tell.
        }
    }
}
