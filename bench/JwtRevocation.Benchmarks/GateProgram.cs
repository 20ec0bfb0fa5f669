namespace JwtRevocation.Benchmarks;

/// <summary>Fails a build that made the request path slower or made it allocate. Only ratios count: machines differ.</summary>
internal static class GateProgram
{
    public static async Task<int> RunAsync()
    {
        bool allocatesNothing = await AllocationGate.PassesAsync();
        bool isFast = RatioGate.Passes();
        return allocatesNothing && isFast ? 0 : 1;
    }
}
