using BenchmarkDotNet.Attributes;
using JwtRevocation.Benchmarks.Fleet;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.IdentityModel.JsonWebTokens;

namespace JwtRevocation.Benchmarks;

/// <summary>What it adds to the check that a node must know how fresh its memory is: two clocks are read.</summary>
[MemoryDiagnoser]
[Config(typeof(ShortConfig))]
public class SharedCheckBenchmarks
{
    private const int Tokens = 512;

    private IRevokedTokenStore _inMemory = null!;
    private ServiceProvider _services = null!;
    private IRevokedTokenStore _shared = null!;
    private RevocableToken[] _tokens = [];

    [GlobalSetup]
    public void Setup()
    {
        _inMemory = new InMemoryRevokedTokenStore();
        ServiceCollection collection = new();
        collection.AddAuthentication().AddJwtBearer();
        collection.AddJwtRevocation().AddReplicatedStore(static _ => new StillLog());
        _services = collection.BuildServiceProvider();
        _shared = _services.GetRequiredService<IRevokedTokenStore>();
        _tokens = [.. SampleTokens.Hs256().Read(Enumerable.Range(0, Tokens)).Select(static (JsonWebToken token) => RevocableToken.TryCreate(token, out RevocableToken revocable) ? revocable : default)];
    }

    [GlobalCleanup]
    public ValueTask CleanupAsync() => _services.DisposeAsync();

    [Benchmark(Baseline = true, OperationsPerInvoke = Tokens, Description = "in memory, not revoked")]
    public int InMemory() => Check(_inMemory);

    [Benchmark(OperationsPerInvoke = Tokens, Description = "shared, not revoked")]
    public int Shared() => Check(_shared);

    private int Check(IRevokedTokenStore store)
    {
        int sum = 0;
        for (int i = 0; i < _tokens.Length; i++)
        {
            sum += (int)store.GetStatus(in _tokens[i]);
        }

        return sum;
    }
}
