namespace JwtRevocation.Benchmarks.Api;

/// <summary>A second or so of load on one API.</summary>
/// <param name="Run">What the load saw.</param>
/// <param name="Processor">Processor time of a request.</param>
/// <param name="Allocated">Bytes allocated by a request.</param>
internal sealed record ApiSlice(Wrk Run, TimeSpan Processor, double Allocated);
