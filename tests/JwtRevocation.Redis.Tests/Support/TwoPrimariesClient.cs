using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.ExceptionServices;
using StackExchange.Redis;

namespace JwtRevocation.Redis.Tests;

/// <summary>
/// A client to which two servers look like primaries: each command goes to one of them, by chance. So StackExchange.Redis does
/// from when it has heard of the second one until it has decided.
/// </summary>
internal static class TwoPrimariesClient
{
    /// <summary>Hints come from the first one only.</summary>
    public static IConnectionMultiplexer Create(IConnectionMultiplexer first, IConnectionMultiplexer second, Random random)
    {
        IDatabase database = Proxy<IDatabase>.Create(
            (method, arguments) => Call(random.Next(2) == 0 ? first.GetDatabase() : second.GetDatabase(), method, arguments));
        return Proxy<IConnectionMultiplexer>.Create(
            (method, arguments) => method.Name == nameof(IConnectionMultiplexer.GetDatabase) ? database : Call(first, method, arguments));
    }

    private static object? Call(object target, MethodInfo method, object?[]? arguments)
    {
        try
        {
            return method.Invoke(target, arguments);
        }
        catch (TargetInvocationException exception)
        {
            ExceptionDispatchInfo.Throw(exception.InnerException!);
            throw;
        }
    }

    [SuppressMessage("Performance", "CA1852:Seal internal types", Justification = "DispatchProxy derives from it.")]
    internal class Proxy<T> : DispatchProxy
        where T : class
    {
        private Func<MethodInfo, object?[]?, object?> _call = null!;

        public static T Create(Func<MethodInfo, object?[]?, object?> call)
        {
            T proxy = Create<T, Proxy<T>>();
            ((Proxy<T>)(object)proxy)._call = call;
            return proxy;
        }

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => _call(targetMethod!, args);
    }
}
