namespace JwtRevocation.Benchmarks.Fleet;

/// <param name="Nodes">How many there were.</param>
/// <param name="Idle">What one node asks of Redis in a second in which nothing happens.</param>
/// <param name="Revocation">What a revocation adds.</param>
/// <param name="NodeProcessor">What each other node has to do for it.</param>
internal sealed record Traffic(int Nodes, RedisUse Idle, RedisUse Revocation, TimeSpan NodeProcessor);
