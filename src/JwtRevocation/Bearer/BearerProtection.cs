using System.IdentityModel.Tokens.Jwt;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.JsonWebTokens;

namespace JwtRevocation;

/// <summary>Puts the library into the options of the schemes that it covers.</summary>
/// <remarks>
/// Validation is the last thing that happens to options, after every PostConfigure of the app, wherever it was
/// registered. One that ran later could replace the parameters, and revoked tokens would pass without anybody noticing.
/// </remarks>
internal sealed class BearerProtection(
    IOptions<JwtRevocationOptions> options, RevocationCheck check, TokenRetention retention) : IValidateOptions<JwtBearerOptions>
{
    private readonly JwtRevocationOptions _options = options.Value;

    public ValidateOptionsResult Validate(string? name, JwtBearerOptions options)
    {
        if (name is null || !_options.Covers(name))
        {
            return ValidateOptionsResult.Skip;
        }

        RevocationLifetimeValidator.Protect(options.TokenValidationParameters, check, retention, HandlersAreStock(options));
        if (options.Events is not RevocationBearerEvents)
        {
            options.Events = new RevocationBearerEvents(options.Events, options.EventsType);
            options.EventsType = null;
        }

        return ValidateOptionsResult.Success;
    }

    // These set SecurityToken.SigningKey when they have verified a signature. Of another handler, nobody knows.
    private static bool HandlersAreStock(JwtBearerOptions options) =>
        options.UseSecurityTokenValidators
#pragma warning disable CS0618 // An app that sets UseSecurityTokenValidators still uses them.
            ? options.SecurityTokenValidators.All(validator => validator.GetType() == typeof(JwtSecurityTokenHandler))
#pragma warning restore CS0618
            : options.TokenHandlers.All(handler => handler.GetType() == typeof(JsonWebTokenHandler) || handler.GetType() == typeof(JwtSecurityTokenHandler));
}
