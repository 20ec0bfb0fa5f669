namespace JwtRevocation.Benchmarks.Fleet;

/// <summary>What one entry costs at rest, and when everything is read.</summary>
/// <param name="RedisBytes">Memory of Redis.</param>
/// <param name="NodeBytes">Memory of a node.</param>
/// <param name="Seconds">How much longer it takes until a node that starts is ready.</param>
/// <param name="Read">What Redis does to have it read.</param>
/// <param name="IsWithinTargets">Whether the targets are met.</param>
internal sealed record ColdStart(double RedisBytes, double NodeBytes, double Seconds, RedisUse Read, bool IsWithinTargets);
