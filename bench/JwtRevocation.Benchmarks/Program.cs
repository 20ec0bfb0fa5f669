using System.Globalization;
using BenchmarkDotNet.Running;
using JwtRevocation.Benchmarks;
using JwtRevocation.Benchmarks.Api;
using JwtRevocation.Benchmarks.Api.Within;
using JwtRevocation.Benchmarks.Fleet;

try
{
    return await RunAsync(args);
}
catch (UnknownSettingException exception)
{
    Console.Error.WriteLine(exception.Message);
    return 2;
}

static async Task<int> RunAsync(string[] args) => args switch
{
    ["gate"] => await GateProgram.RunAsync(),
    ["api", .. string[] rest] => await ApiProgram.RunAsync(rest),
    ["within", .. string[] rest] => await WithinProgram.RunAsync(rest),
    ["serve-within", string mode, string shared] => await WithinServer.RunAsync(Enum.Parse<ApiMode>(mode), shared),
    ["serve", string mode, string shared] => await ApiServer.RunAsync(Enum.Parse<ApiMode>(mode), shared),
    ["micro", .. string[] rest] => await MicroProgram.RunAsync(rest),
    ["fleet", .. string[] rest] => await FleetProgram.RunAsync(rest),
    ["fleet-listen", string redis, string deaf] => await PropagationProgram.ListenAsync(redis, bool.Parse(deaf)),
    ["fleet-read", string redis] => await ColdStartProgram.ReadAsync(redis),
    ["fleet-start", string redis] => await ColdStartProgram.StartAsync(redis),
    ["fleet-connections", string redis] => await ConnectionsNode.RunAsync(redis),
    ["fleet-nodes", string redis, string count, string entries] =>
        await FleetNodes.RunAsync(redis, int.Parse(count, CultureInfo.InvariantCulture), int.Parse(entries, CultureInfo.InvariantCulture)),
    _ => RunBenchmarks(args),
};

static int RunBenchmarks(string[] args)
{
    BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
    return 0;
}
