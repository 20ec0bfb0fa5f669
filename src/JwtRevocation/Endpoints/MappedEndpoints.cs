using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace JwtRevocation;

/// <summary>
/// Has the app's endpoints built as it starts, if there are any of the library's among them: one that is set up wrongly keeps
/// the app from starting, and does not wait for its first request to say so.
/// </summary>
internal sealed class MappedEndpoints(IServiceProvider services) : IHostedLifecycleService
{
    private bool _any;

    /// <summary>Of the app that an endpoint is being added to.</summary>
    /// <exception cref="InvalidOperationException"><c>AddJwtRevocation()</c> was not called.</exception>
    public static void Add(IEndpointRouteBuilder endpoints)
    {
        endpoints.ServiceProvider.GetAdded<MappedEndpoints>()._any = true;
    }

    // Only now does the app's endpoint source have what was mapped.
    public Task StartedAsync(CancellationToken cancellationToken)
    {
        if (_any)
        {
            _ = services.GetService<EndpointDataSource>()?.Endpoints;
        }

        return Task.CompletedTask;
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
