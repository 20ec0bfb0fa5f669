using JwtRevocation.Benchmarks.Fleet;
using StackExchange.Redis;

namespace JwtRevocation.Benchmarks.Api;

/// <summary>What the APIs share: a Redis for each mode that has one, and a directory for the load and the databases.</summary>
internal sealed class ApiBackends : IAsyncDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("jwt-revocation-benchmarks");
    private readonly Dictionary<ApiMode, RedisProcess> _redis = [];
    private int _databases;

    public string Folder => _directory.FullName;

    public static async Task<ApiBackends> StartAsync(IEnumerable<ApiMode> modes)
    {
        ApiBackends backends = new();
        foreach (ApiMode mode in modes.Where(static mode => mode is ApiMode.WithoutOnRedis or ApiMode.Redis or ApiMode.RedisStopped or ApiMode.CacheMiddleware))
        {
            backends._redis[mode] = await RedisProcess.StartAsync();
            if (mode is ApiMode.Redis or ApiMode.RedisStopped)
            {
                await using ConnectionMultiplexer connection = await backends._redis[mode].ConnectAsync();
                await ColdStartProgram.FillAsync(connection.GetDatabase(), ApiRevocations.Some);
            }
        }

        return backends;
    }

    public string Of(ApiMode mode) =>
        _redis.TryGetValue(mode, out RedisProcess? redis) ? redis.Configuration : Path.Combine(Folder, $"{_databases++}.db");

    public void Stop(ApiMode mode) => _redis.GetValueOrDefault(mode)?.Stop();

    public void Continue(ApiMode mode) => _redis.GetValueOrDefault(mode)?.Continue();

    public async ValueTask DisposeAsync()
    {
        foreach (RedisProcess redis in _redis.Values)
        {
            await redis.DisposeAsync();
        }

        _directory.Delete(recursive: true);
    }
}
