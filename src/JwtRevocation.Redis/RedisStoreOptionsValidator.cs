using System.Net;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace JwtRevocation.Redis;

internal sealed class RedisStoreOptionsValidator : IValidateOptions<RedisStoreOptions>
{
    public ValidateOptionsResult Validate(string? name, RedisStoreOptions options)
    {
        ValidateOptionsResultBuilder result = new();
        int connections = (options.Configuration is null ? 0 : 1)
            + (options.ConfigurationOptions is null ? 0 : 1)
            + (options.ConnectionMultiplexerFactory is null ? 0 : 1);
        if (connections != 1)
        {
            result.AddError(
                $"{nameof(RedisStoreOptions)}: exactly one of {nameof(options.Configuration)}, {nameof(options.ConfigurationOptions)} and {nameof(options.ConnectionMultiplexerFactory)} must be set, but {connections} are.");
        }

        if (options.Configuration is { } configuration)
        {
            try
            {
                AddErrorIfNowhere(ConfigurationOptions.Parse(configuration), nameof(options.Configuration));
            }
            catch (Exception exception) when (exception is ArgumentException or FormatException)
            {
                // Neither the text nor what is said of it: it may hold a password.
                result.AddError("is not a configuration that StackExchange.Redis understands.", Property(nameof(options.Configuration)));
            }
        }

        if (options.ConfigurationOptions is { } given)
        {
            AddErrorIfNowhere(given, nameof(options.ConfigurationOptions));
        }

        if (string.IsNullOrEmpty(options.KeyPrefix) || options.KeyPrefix.AsSpan().ContainsAny('{', '}'))
        {
            result.AddError($"must not be empty, nor have a brace in it, but is '{options.KeyPrefix}'.", Property(nameof(options.KeyPrefix)));
        }

        return result.Build();

        void AddErrorIfNowhere(ConfigurationOptions configuration, string property)
        {
            if (configuration.EndPoints.Count == 0)
            {
                result.AddError("names no server.", Property(property));
            }
            else if (configuration.EndPoints.Any(static server => server is DnsEndPoint { Host: { } host } && host.AsSpan().ContainsAny('/', '@')))
            {
                // The client says the server's name in every message, and nor does this one: a URL may hold a password.
                result.AddError("has a URL in it, where StackExchange.Redis expects 'host:port,option=value'.", Property(property));
            }
        }
    }

    private static string Property(string property) => $"{nameof(RedisStoreOptions)}.{property}";
}
