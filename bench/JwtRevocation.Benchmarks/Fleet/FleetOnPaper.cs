using JwtRevocation.Benchmarks.Reporting;

namespace JwtRevocation.Benchmarks.Fleet;

/// <summary>What larger fleets than fit here would carry, if each part grows as it did here.</summary>
internal static class FleetOnPaper
{
    private const double SecondsOfADay = 86_400;

    // As LogReader has it.
    private const double SecondsBetweenWholeReads = 300;

    public static void Write(Report report, Traffic[] traffic, ColdStart entry)
    {
        report.Write(
            "**On paper.** From these figures, for tokens that are valid for a day, so that each second 1/86,400 of the entries is revoked anew. "
            + $"Each node reads everything every {SecondsBetweenWholeReads:F0} s. Redis has one core for all of this.");
        report.Table(
            ["nodes", "active entries", "revocations/s", "Redis: memory", "Redis: commands/s", "Redis: cores", "Redis sends", "of which whole reads", "a node: memory", "a node: receives", "a node: cores", "a node: start"],
            from nodes in (int[])[10, 100, 1_000]
            from entries in (double[])[1e7, 1e8]
            select Row(nodes, entries, traffic, entry));
    }

    private static string[] Row(int nodes, double entries, Traffic[] traffic, ColdStart entry)
    {
        double revocations = entries / SecondsOfADay;
        RedisUse idle = traffic[^1].Idle * nodes;
        RedisUse revoking = Revocation(traffic, nodes) * revocations;
        RedisUse reading = entry.Read * (entries * nodes / SecondsBetweenWholeReads);
        RedisUse all = idle + revoking + reading;
        return
        [
            $"{nodes:N0}",
            $"{entries / 1e6:N0} million",
            $"{revocations:N0}",
            $"{entries * entry.RedisBytes / 1e9:N1} GB",
            $"{all.Commands:N0}",
            $"{all.Processor:N2}",
            $"{all.BytesOut / 1e6:N1} MB/s",
            $"{reading.BytesOut / all.BytesOut:P0}",
            $"{entries * entry.NodeBytes / 1e9:N1} GB",
            $"{all.BytesOut / nodes / 1e6:N1} MB/s",

            // To take an entry in costs a node as much in a whole read as at its start.
            $"{(entries * entry.Seconds / SecondsBetweenWholeReads) + (revocations * traffic[^1].NodeProcessor.TotalSeconds):N2}",
            $"{entries * entry.Seconds:N0} s",
        ];
    }

    /// <summary>A part that is the same for any fleet, and one for each node: from the smallest and the largest that were measured.</summary>
    private static RedisUse Revocation(Traffic[] traffic, int nodes)
    {
        RedisUse perNode = (traffic[^1].Revocation - traffic[0].Revocation) / (traffic[^1].Nodes - traffic[0].Nodes);
        return traffic[0].Revocation + (perNode * (nodes - traffic[0].Nodes));
    }
}
