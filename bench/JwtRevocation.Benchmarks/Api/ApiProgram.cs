using JwtRevocation.Benchmarks.Reporting;

namespace JwtRevocation.Benchmarks.Api;

/// <summary>
/// The same small API with each way to revoke, under load. All processes live, warm, for the whole run, and are driven in short
/// turns in random order, each of them between two turns of the one that they are compared with: an API without revocation.
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

        List<ApiProcess[]> instances = [];
        try
        {
            for (int instance = 0; instance < settings.Instances; instance++)
            {
                instances.Add(await StartAsync(settings, backends, keys, loads));
            }

            backends.Stop(ApiMode.RedisStopped);
            List<ApiPair> pairs = await DriveAsync(settings, instances, loads);
            foreach (ApiProcess api in instances.SelectMany(static apis => apis))
            {
                await api.WeighAsync();
            }

            ApiReport.Write(report, settings, pairs, [.. instances.SelectMany(static apis => apis)]);
            return await report.SaveAsync(settings.Output);
        }
        finally
        {
            foreach (ApiProcess api in instances.SelectMany(static apis => apis))
            {
                api.Dispose();
            }
        }
    }

    // The first is the one that the others are compared with.
    private static async Task<ApiProcess[]> StartAsync(ApiSettings settings, ApiBackends backends, ApiKeys keys, List<ApiLoad> loads)
    {
        List<ApiProcess> apis = [];
        foreach (ApiMode mode in settings.Modes.Prepend(settings.Baseline))
        {
            ApiProcess api = await ApiProcess.StartAsync(mode, backends.Of(mode), keys);
            apis.Add(api);
            await api.WarmUpAsync(loads, settings.WarmUp);
        }

        return [.. apis];
    }

    private static async Task<List<ApiPair>> DriveAsync(ApiSettings settings, List<ApiProcess[]> instances, List<ApiLoad> loads)
    {
        Random random = new();
        List<ApiPair> pairs = [];
        for (int round = 0; round < settings.Rounds; round++)
        {
            foreach (ApiLoad load in loads)
            {
                for (int instance = 0; instance < instances.Count; instance++)
                {
                    ApiProcess baseline = instances[instance][0];
                    ApiProcess[] others = instances[instance][1..];
                    random.Shuffle(others);
                    foreach (ApiProcess api in others)
                    {
                        // It has stood still for minutes, and the other for seconds: a turn that does not count, or it starts colder.
                        await api.DriveAsync(load, settings.Seconds);
                        ApiSlice before = await baseline.DriveAsync(load, settings.Seconds);
                        ApiSlice slice = await api.DriveAsync(load, settings.Seconds);
                        ApiSlice after = await baseline.DriveAsync(load, settings.Seconds);
                        pairs.Add(new(api.Mode, load.Algorithm, round, instance, before, slice, after));
                    }
                }
            }

            Console.WriteLine($"Round {round + 1} of {settings.Rounds} is done.");
        }

        return pairs;
    }
}
