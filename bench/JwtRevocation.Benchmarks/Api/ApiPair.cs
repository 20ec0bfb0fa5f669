namespace JwtRevocation.Benchmarks.Api;

/// <summary>
/// A slice of one API between two of the API that it is compared with: what the machine does meanwhile to one, it mostly does to the
/// others as well.
/// </summary>
internal sealed record ApiPair(ApiMode Mode, string Algorithm, int Round, int Instance, ApiSlice Before, ApiSlice Slice, ApiSlice After)
{
    public double Ratio(Func<ApiSlice, double> measure) => measure(Slice) / Baseline(measure);

    public double Baseline(Func<ApiSlice, double> measure) => (measure(Before) + measure(After)) / 2;
}
