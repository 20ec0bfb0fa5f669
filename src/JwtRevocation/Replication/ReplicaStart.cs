using Microsoft.Extensions.Hosting;

namespace JwtRevocation;

/// <summary>
/// Has the app start with a complete memory, if the log can be reached. If not it starts all the same, and cannot say yet
/// which tokens are revoked.
/// </summary>
internal sealed class ReplicaStart(IRevokedTokenStore store) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken) =>
        store is ReplicatedRevokedTokenStore replicated ? replicated.Replica.FirstAttempt.WaitAsync(cancellationToken) : Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
