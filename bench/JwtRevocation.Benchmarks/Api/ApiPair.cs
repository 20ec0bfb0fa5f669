namespace JwtRevocation.Benchmarks.Api;

/// <summary>
/// A slice of one API, and that of the same round of the API that it is compared with: what the machine does meanwhile to one, it mostly
/// does to the others as well.
/// </summary>
internal sealed record ApiPair(ApiMode Mode, string Algorithm, int Round, int Instance, ApiSlice Slice, ApiSlice Baseline)
{
    public double Ratio(Func<ApiSlice, double> measure) => measure(Slice) / measure(Baseline);
}
