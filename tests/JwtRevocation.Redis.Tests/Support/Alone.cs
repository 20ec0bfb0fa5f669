namespace JwtRevocation.Redis.Tests;

/// <summary>Tests that need all of the process, its thread pool above all: none runs beside them.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;
