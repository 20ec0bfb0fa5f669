using JwtRevocation.Benchmarks.Reporting;

namespace JwtRevocation.Benchmarks.Api;

/// <summary>
/// The same small API with each way to revoke, under load. A process of each is started, and all are driven in short turns in
/// random order; then they end, and others take their place. Each is compared with the one without revocation.
/// </summary>
internal static class ApiProgram
{
    public static async Task<int> RunAsync(string[] args)
    {
        // What the Web SDK sets for an API; the processes that are started from here have it.
        Environment.SetEnvironmentVariable("DOTNET_gcServer", "1");
        ApiSettings settings = ApiSettings.Parse(args);
        Report report = new("api", "A whole API beside the alternatives", string.Join(' ', ["api", .. args]));
        ApiKeys keys = ApiKeys.Create();
        await using ApiBackends backends = await ApiBackends.StartAsync(settings.Modes.Append(settings.Baseline).Distinct());
        List<ApiLoad> loads = [await ApiLoad.CreateAsync(keys.Hs256, backends.Folder)];
        if (settings.Rs256)
        {
            loads.Add(await ApiLoad.CreateAsync(keys.Rs256, backends.Folder));
        }

        List<ApiPair> pairs = [];
        List<(ApiMode Mode, double Bytes)> growth = [];
        for (int instance = 0; instance < settings.Instances; instance++)
        {
            var measured = await MeasureAsync(settings, backends, keys, loads, instance);
            pairs.AddRange(measured.Pairs);
            growth.AddRange(measured.Growth);
            Console.WriteLine($"Process {instance + 1} of {settings.Instances} of each is done.");
        }

        ApiReport.Write(report, settings, pairs, growth);
        return await report.SaveAsync(settings.Output);
    }

    private static async Task<(List<ApiPair> Pairs, List<(ApiMode Mode, double Bytes)> Growth)> MeasureAsync(
        ApiSettings settings, ApiBackends backends, ApiKeys keys, List<ApiLoad> loads, int instance)
    {
        List<ApiProcess> apis = [];
        try
        {
            backends.Continue(ApiMode.RedisStopped);
            foreach (ApiMode mode in settings.Modes.Prepend(settings.Baseline))
            {
                ApiProcess api = await ApiProcess.StartAsync(mode, backends.Of(mode), keys);
                apis.Add(api);
                await api.WarmUpAsync(loads, settings.WarmUp);
            }

            backends.Stop(ApiMode.RedisStopped);
            List<ApiPair> pairs = await DriveAsync(settings, apis, loads, instance);
            List<(ApiMode Mode, double Bytes)> growth = [];
            foreach (ApiProcess api in apis)
            {
                growth.Add((api.Mode, await api.WeighAsync()));
            }

            return (pairs, growth);
        }
        finally
        {
            foreach (ApiProcess api in apis)
            {
                api.Dispose();
            }
        }
    }

    // The first of them is the one that the others are compared with. It has no other part than they have: in turn before and after
    // each of them, it came out up to several hundredths slower than another of the same.
    private static async Task<List<ApiPair>> DriveAsync(ApiSettings settings, List<ApiProcess> apis, List<ApiLoad> loads, int instance)
    {
        Random random = new();
        List<ApiPair> pairs = [];
        for (int round = 0; round < settings.Rounds; round++)
        {
            foreach (ApiLoad load in loads)
            {
                ApiProcess[] order = [.. apis];
                random.Shuffle(order);
                Dictionary<ApiProcess, ApiSlice> slices = [];
                foreach (ApiProcess api in order)
                {
                    slices[api] = await api.DriveAsync(load, settings.Seconds);
                }

                pairs.AddRange(apis.Skip(1).Select(api => new ApiPair(api.Mode, load.Algorithm, round, instance, slices[api], slices[apis[0]])));
            }
        }

        return pairs;
    }
}
