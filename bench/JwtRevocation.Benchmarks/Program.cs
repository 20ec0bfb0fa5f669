using BenchmarkDotNet.Running;
using JwtRevocation.Benchmarks;

return args switch
{
    ["gate"] => GateProgram.Run(),
    ["footprint"] => FootprintProgram.Run(),
    ["groups"] => GroupsProgram.Run(),
    ["api", .. string[] rest] => await ApiLoad.RunAsync(rest),
    ["serve", string mode] => await ApiServer.RunAsync(Enum.Parse<ApiMode>(mode)),
    _ => RunBenchmarks(args),
};

static int RunBenchmarks(string[] args)
{
    BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
    return 0;
}
