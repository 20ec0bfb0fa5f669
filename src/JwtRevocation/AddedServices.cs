using Microsoft.Extensions.DependencyInjection;

namespace JwtRevocation;

/// <summary>The services of an app, for what is no use without those of the library.</summary>
internal static class AddedServices
{
    /// <exception cref="InvalidOperationException"><c>AddJwtRevocation()</c> was not called.</exception>
    public static T GetAdded<T>(this IServiceProvider services)
        where T : class => services.GetService<T>() ?? throw NotAdded();

    public static InvalidOperationException NotAdded() => new("AddJwtRevocation() was not called on the app's services.");
}
