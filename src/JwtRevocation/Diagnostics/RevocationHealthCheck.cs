using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace JwtRevocation;

/// <summary>
/// Healthy, degraded when the promises hold but somebody should look, unhealthy while this node cannot say which tokens are
/// revoked. docs/redis.md says of each what to do.
/// </summary>
internal sealed class RevocationHealthCheck(IRevokedTokenStore store) : IHealthCheck
{
    private const string UnknownStatus = "This node cannot say which tokens are revoked.";

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        Dictionary<string, object> data = [];
        if (store is ICountedStore counted)
        {
            data["entries"] = counted.Count;
        }

        return Task.FromResult(store is ReplicatedRevokedTokenStore replicated
            ? Check(replicated.Replica.State, replicated.MaxStaleness, data, context.Registration.FailureStatus)
            : HealthCheckResult.Healthy("Revocations are held in this process only.", data));
    }

    private static HealthCheckResult Check(
        ReplicaState replica, TimeSpan maxStaleness, Dictionary<string, object> data, HealthStatus failureStatus)
    {
        if (replica.Age < TimeSpan.MaxValue)
        {
            data["lag_seconds"] = replica.Age.TotalSeconds;
        }

        data["max_staleness_seconds"] = maxStaleness.TotalSeconds;
        data["unacknowledged"] = replica.Unacknowledged;
        data["missing_in_log"] = replica.Missing;
        data["skipped"] = replica.Skipped;
        string[] problems = [.. Problems(replica, maxStaleness)];
        if (problems.Length > 0)
        {
            data["problems"] = problems;
        }

        if (!replica.IsFresh)
        {
            return new(failureStatus, string.Join(' ', [UnknownStatus, .. problems]), replica.Failure, data);
        }

        return problems.Length > 0
            ? HealthCheckResult.Degraded(string.Join(' ', problems), replica.Failure, data)
            : HealthCheckResult.Healthy("The shared log was read as it should be.", data);
    }

    private static IEnumerable<string> Problems(ReplicaState replica, TimeSpan maxStaleness)
    {
        if (replica.WaitsToInitialize)
        {
            yield return "The shared log is new, or has lost everything; this node waits for others that know.";
        }

        if (replica.Failure is not null)
        {
            yield return "The shared log cannot be read, or takes no writes.";
        }

        if (replica.Age > maxStaleness / 2 && replica.Age < TimeSpan.MaxValue)
        {
            yield return $"The last complete read of the shared log is more than {maxStaleness / 2} old.";
        }

        if (replica.Unacknowledged > 0)
        {
            yield return "The shared log has not acknowledged revocations of this node; it goes on trying.";
        }

        if (replica.Missing > 0)
        {
            yield return "The shared log has lost revocations, which are being written back.";
        }

        if (replica.IsDeaf)
        {
            yield return "Hints do not arrive: this node knows of revocations only by its next poll.";
        }

        if (replica.Skipped > 0)
        {
            yield return "The shared log has entries that are damaged, or of a later version; they are skipped.";
        }

        if (replica.HasCutoffsAhead)
        {
            yield return "The shared log has a cutoff that is more than a day ahead: some node's clock is wrong.";
        }

        foreach (string warning in replica.Warnings)
        {
            yield return warning;
        }
    }
}
