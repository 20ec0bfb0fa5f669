using BenchmarkDotNet.Attributes;
using Microsoft.IdentityModel.JsonWebTokens;

namespace JwtRevocation.Benchmarks;

/// <summary>
/// The check, its two parts, and what else could be asked, each over the same random tokens. 65,536 tokens lie scattered
/// over more memory than a processor's caches hold, and to fetch them is most of the time; 512 are as warm as a request's
/// token, which was just validated.
/// </summary>
[MemoryDiagnoser]
[Config(typeof(ShortConfig))]
public class CheckBenchmarks
{
    private const int PoolSize = 65_536;

    private readonly SampleTokens _tokens = SampleTokens.Hs256();
    private int[] _numbers = [];
    private JsonWebToken[] _pool = [];
    private RevocableToken[] _revocable = [];
    private UInt128[] _keys = [];
    private Denylist _denylist = null!;

    public static IEnumerable<Scenario> Scenarios =>
        from entries in (int[])[0, 10_000, 1_000_000]
        from revoked in (bool[])[true, false]
        where entries > 0 || !revoked
        from distinct in (int[])[512, PoolSize]
        where distinct == PoolSize || entries == 10_000
        select new Scenario(entries, revoked, distinct);

    [ParamsSource(nameof(Scenarios))]
    public Scenario Tokens { get; set; } = null!;

    [GlobalSetup(Target = nameof(SignatureText))]
    public void SetupWithText() => Setup(withText: true);

    [GlobalSetup]
    public void Setup() => Setup(withText: false);

    private void Setup(bool withText)
    {
        _denylist = Denylist.Of(Tokens.Entries, _tokens, withText);
        Random random = new(1);
        _numbers = _denylist.PickNumbers(PoolSize, Tokens.Revoked, random);
        JsonWebToken[] distinct = [.. _tokens.Read(_numbers.Take(Tokens.Distinct))];
        random.Shuffle(distinct);
        _pool = [.. Enumerable.Range(0, PoolSize).Select(i => distinct[i % distinct.Length])];
        _revocable = Array.ConvertAll(_pool, token => RevocableToken.TryCreate(token, out RevocableToken revocable) ? revocable : default);
        _keys = Array.ConvertAll(_revocable, revocable => revocable.Fingerprint.Value);
    }

    [IterationSetup(Target = nameof(SignatureText))]
    public void ReadPool() => _pool = [.. _tokens.Read(_numbers)];

    [GlobalCleanup]
    public void Cleanup() => _denylist.Store.Dispose();

    [Benchmark(OperationsPerInvoke = PoolSize, Description = "check")]
    public int Check()
    {
        int revoked = 0;
        foreach (JsonWebToken token in _pool)
        {
            revoked += (int)_denylist.Store.Check(token);
        }

        return revoked;
    }

    [Benchmark(OperationsPerInvoke = PoolSize, Description = "its part: fingerprint")]
    public UInt128 Fingerprint()
    {
        UInt128 all = 0;
        foreach (JsonWebToken token in _pool)
        {
            TokenFingerprint.TryCreate(token, out TokenFingerprint fingerprint);
            all ^= fingerprint.Value;
        }

        return all;
    }

    [Benchmark(OperationsPerInvoke = PoolSize, Description = "its part: store")]
    public int Store()
    {
        int revoked = 0;
        foreach (ref readonly RevocableToken token in _revocable.AsSpan())
        {
            revoked += (int)_denylist.Store.GetStatus(in token);
        }

        return revoked;
    }

    [Benchmark(OperationsPerInvoke = PoolSize, Description = "bare dictionary, key in hand", Baseline = true)]
    public int Bare()
    {
        int revoked = 0;
        foreach (UInt128 key in _keys)
        {
            revoked += _denylist.Bare.ContainsKey(key) ? 1 : 0;
        }

        return revoked;
    }

    [Benchmark(OperationsPerInvoke = PoolSize, Description = "bare dictionary, key from token")]
    public int BareFromToken()
    {
        int revoked = 0;
        foreach (JsonWebToken token in _pool)
        {
            TokenFingerprint.TryCreate(token, out TokenFingerprint fingerprint);
            revoked += _denylist.Bare.ContainsKey(fingerprint.Value) ? 1 : 0;
        }

        return revoked;
    }

    // Always 65,536 tokens that nobody has asked: EncodedSignature makes its string at the first use, once a request.
    [Benchmark(OperationsPerInvoke = PoolSize, Description = "dictionary of signature texts")]
    public int SignatureText()
    {
        int revoked = 0;
        foreach (JsonWebToken token in _pool)
        {
            revoked += _denylist.BySignatureText.ContainsKey(token.EncodedSignature) ? 1 : 0;
        }

        return revoked;
    }

    public sealed record Scenario(int Entries, bool Revoked, int Distinct)
    {
        // Without separators, or it would be too long to be shown.
        public override string ToString() => $"{Distinct} {(Revoked ? "hit" : "miss")} {Entries}";
    }
}
