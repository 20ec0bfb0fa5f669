using BenchmarkDotNet.Attributes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace JwtRevocation.Benchmarks;

/// <summary>What the library adds to the validation of a token that is not revoked, which is nearly every one.</summary>
[MemoryDiagnoser]
[Config(typeof(ShortConfig))]
public class ValidationBenchmarks
{
    private const int PoolSize = 16_384;

    private readonly SampleTokens _tokens = SampleTokens.Hs256();
    private readonly JsonWebTokenHandler _handler = new();
    private readonly TokenValidationParameters _without;
    private readonly TokenValidationParameters _with;
    private JsonWebToken[] _pool = [];
    private string[] _texts = [];
    private ServiceProvider? _services;

    public ValidationBenchmarks()
    {
        _without = _tokens.ValidationParameters();
        _with = _tokens.ValidationParameters();
    }

    [Params(0, 10_000, 1_000_000)]
    public int Entries { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        Denylist denylist = Denylist.Of(Entries, _tokens);
        _pool = [.. _tokens.Read(denylist.PickNumbers(PoolSize, revoked: false, new Random(1)))];
        _texts = Array.ConvertAll(_pool, token => token.EncodedToken);

        ServiceCollection services = new();
        services.AddSingleton<IRevokedTokenStore>(denylist.Store);
        services.AddJwtRevocation();
        _services = services.BuildServiceProvider();
        _with.AddJwtRevocation(_services);
    }

    [GlobalCleanup]
    public void Cleanup() => _services?.Dispose();

    [Benchmark(OperationsPerInvoke = PoolSize, Description = "lifetime, without")]
    public void StockLifetime()
    {
        foreach (JsonWebToken token in _pool)
        {
            Validators.ValidateLifetime(token.ValidFrom, token.ValidTo, token, _without);
        }
    }

    [Benchmark(OperationsPerInvoke = PoolSize, Description = "lifetime, with")]
    public void Lifetime()
    {
        LifetimeValidator validator = _with.LifetimeValidator;
        foreach (JsonWebToken token in _pool)
        {
            validator(token.ValidFrom, token.ValidTo, token, _with);
        }
    }

    [Benchmark(OperationsPerInvoke = PoolSize, Description = "ValidateTokenAsync, without", Baseline = true)]
    public Task StockValidation() => ValidateAllAsync(_without);

    [Benchmark(OperationsPerInvoke = PoolSize, Description = "ValidateTokenAsync, with")]
    public Task Validation() => ValidateAllAsync(_with);

    private async Task ValidateAllAsync(TokenValidationParameters parameters)
    {
        foreach (string text in _texts)
        {
            TokenValidationResult result = await _handler.ValidateTokenAsync(text, parameters);
            if (!result.IsValid)
            {
                throw result.Exception;
            }
        }
    }
}
