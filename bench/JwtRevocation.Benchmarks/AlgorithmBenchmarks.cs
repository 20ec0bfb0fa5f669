using BenchmarkDotNet.Attributes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace JwtRevocation.Benchmarks;

/// <summary>What the check is next to: the validation of a token, by how it is signed, with a million tokens revoked.</summary>
[MemoryDiagnoser]
[Config(typeof(InProcessConfig))]
public class AlgorithmBenchmarks
{
    private const int Tokens = 64;
    private const int Revoked = 1_000_000;

    private readonly JsonWebTokenHandler _handler = new();
    private TokenValidationParameters _without = null!;
    private TokenValidationParameters _with = null!;
    private ServiceProvider? _services;
    private string[] _texts = [];

    [Params("HS256", "RS256", "ES256")]
    public string Algorithm { get; set; } = "";

    [GlobalSetup]
    public void Setup()
    {
        SampleTokens tokens = Algorithm switch
        {
            "HS256" => SampleTokens.Hs256(),
            "RS256" => SampleTokens.Rs256(),
            _ => SampleTokens.Es256(),
        };
        _texts = [.. Enumerable.Range(0, Tokens).Select(tokens.Encode)];
        InMemoryRevokedTokenStore store = new();
        Random random = new(1);
        for (int i = 0; i < Revoked; i++)
        {
            store.Add(RevocationTarget.OfStored(new(new UInt128((ulong)random.NextInt64(), (ulong)random.NextInt64()))), DateTimeOffset.MaxValue);
        }

        ServiceCollection services = new();
        services.AddSingleton<IRevokedTokenStore>(store);
        services.AddJwtRevocation();
        _services = services.BuildServiceProvider();
        _without = tokens.ValidationParameters();
        _with = tokens.ValidationParameters().AddJwtRevocation(_services);
    }

    [GlobalCleanup]
    public void Cleanup() => _services?.Dispose();

    [Benchmark(OperationsPerInvoke = Tokens, Baseline = true)]
    public Task Without() => ValidateAllAsync(_without);

    [Benchmark(OperationsPerInvoke = Tokens)]
    public Task With() => ValidateAllAsync(_with);

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
