using System.Net;
using JwtRevocation.Benchmarks.Fleet;
using JwtRevocation.Benchmarks.Reporting;

namespace JwtRevocation.Benchmarks.Api;

/// <summary>An API in a process of its own, and what it does under load.</summary>
internal sealed class ApiProcess : IDisposable
{
    // Of all methods that it has compiled, those of the last second.
    private const double CompilerIsDone = 0.005;

    private readonly Child _child;
    private readonly string _url;
    private long _requests;
    private long _heldBefore;

    private ApiProcess(ApiMode mode, Child child, string url) => (Mode, _child, _url) = (mode, child, url);

    public ApiMode Mode { get; }

    /// <summary>Starts it, and sees that it does what it is measured for.</summary>
    public static async Task<ApiProcess> StartAsync(ApiMode mode, string shared, ApiKeys keys)
    {
        Child child = new("serve", mode.ToString(), shared);
        child.WriteLine(keys.ToString());
        ApiProcess api = new(mode, child, $"{await child.ReadLineAsync()}/me");
        await api.VerifyAsync(keys);
        return api;
    }

    /// <summary>Drives it until its compiler has next to nothing left to do.</summary>
    public async Task WarmUpAsync(IEnumerable<ApiLoad> loads, int atMostSeconds)
    {
        foreach (ApiLoad load in loads)
        {
            long compiled = 0;
            for (int second = 0, quiet = 0; second < atMostSeconds && quiet < 2; second++)
            {
                await load.RunAsync(_url, seconds: 1);
                long before = compiled;
                compiled = (await ReadAsync(ProcessGauge.Read)).Compiled;
                quiet = compiled - before < compiled * CompilerIsDone ? quiet + 1 : 0;
            }
        }

        _heldBefore = (await ReadAsync(ProcessGauge.Collect)).Held;
    }

    public async Task<ApiSlice> DriveAsync(ApiLoad load, int seconds)
    {
        ProcessGauge before = await ReadAsync(ProcessGauge.Read);
        Wrk run = await load.RunAsync(_url, seconds);
        ProcessGauge after = await ReadAsync(ProcessGauge.Read);
        _requests += run.Requests;
        return new(run, (after.Processor - before.Processor) / run.Requests, (after.Allocated - before.Allocated) / (double)run.Requests);
    }

    /// <summary>How many bytes it holds more after its requests than before, by request.</summary>
    public async Task<double> WeighAsync() => ((await ReadAsync(ProcessGauge.Collect)).Held - _heldBefore) / (double)_requests;

    public void Dispose() => _child.Dispose();

    private async Task VerifyAsync(ApiKeys keys)
    {
        HttpStatusCode ofRevoked = Mode is ApiMode.Without or ApiMode.WithoutAgain or ApiMode.WithoutOnRedis or ApiMode.OpenIddict ? HttpStatusCode.OK : HttpStatusCode.Unauthorized;
        using ApiClient client = new(keys);
        await client.WaitUntilReadyAsync(_url);
        if (await client.StatusAsync(_url, 0) is not HttpStatusCode.OK || await client.StatusAsync(_url, ApiTokens.Revoked) != ofRevoked)
        {
            throw new InvalidOperationException($"The API '{Mode}' does not do what it is measured for.");
        }
    }

    private async Task<ProcessGauge> ReadAsync(string what)
    {
        _child.WriteLine(what);
        return ProcessGauge.Parse(await _child.ReadLineAsync());
    }
}
