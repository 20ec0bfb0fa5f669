using Xunit.Sdk;
using Xunit.v3;

// Each of them starts a server, a build or a browser.
[assembly: Parallelization(Mode = ParallelMode.None)]
