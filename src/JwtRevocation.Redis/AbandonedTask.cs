namespace JwtRevocation.Redis;

internal static class AbandonedTask
{
    /// <summary>
    /// Waits as <see cref="Task{TResult}.WaitAsync(CancellationToken)"/> does, for a task that nobody else waits for. What it fails with
    /// after it was given up is nobody's business, and not reported to the app as an exception that it forgot to observe.
    /// </summary>
    public static Task<T> WaitOrAbandonAsync<T>(this Task<T> task, CancellationToken cancellationToken)
    {
        _ = task.ContinueWith(
            static failed => failed.Exception,
            CancellationToken.None,
            TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);
        return task.WaitAsync(cancellationToken);
    }
}
