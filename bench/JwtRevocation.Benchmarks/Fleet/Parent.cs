namespace JwtRevocation.Benchmarks.Fleet;

/// <summary>
/// The program that started this one as a <see cref="Child"/>, which it hears on its standard input. The console's own
/// <c>ReadLineAsync</c> blocks the thread that calls it. In a process that had awaited something before, that was one of the
/// pool's, of which there is one for each processor: what it was measured for then ran on the rest.
/// </summary>
internal static class Parent
{
    public static Task<string?> ReadLineAsync() => OnThreadOfItsOwn(static () => Console.In.ReadLine());

    public static Task WaitForEndAsync() => OnThreadOfItsOwn(static () => Console.In.ReadToEnd());

    private static Task<T> OnThreadOfItsOwn<T>(Func<T> read) =>
        Task.Factory.StartNew(read, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
}
