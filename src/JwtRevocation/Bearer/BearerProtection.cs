using System.IdentityModel.Tokens.Jwt;
using System.Runtime.CompilerServices;
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

        Protect(options);
        return ValidateOptionsResult.Success;
    }

    /// <summary>Does nothing to options that are protected already.</summary>
    public void Protect(JwtBearerOptions options)
    {
        if (options.Events is RevocationBearerEvents events && !RevocationLifetimeValidator.IsProtected(options.TokenValidationParameters, check))
        {
            events.ParametersWereReplaced();
        }

        RevocationLifetimeValidator.Protect(options.TokenValidationParameters, check, retention, HandlersAreStock(options));
        if (options.Events is not RevocationBearerEvents)
        {
            options.Events = new RevocationBearerEvents(options.Events, options.EventsType, check);
            options.EventsType = null;
        }
    }

    /// <summary>
    /// Whether the handlers are IdentityModel's own. Those ask the validator about every token, and set
    /// <c>SecurityToken.SigningKey</c> when they have verified a signature. Of another handler, nobody knows.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool HandlersAreStock(JwtBearerOptions options)
    {
        if (options.UseSecurityTokenValidators)
        {
#pragma warning disable CS0618 // An app that sets UseSecurityTokenValidators still uses them.
            foreach (var validator in options.SecurityTokenValidators)
#pragma warning restore CS0618
            {
                if (validator.GetType() != typeof(JwtSecurityTokenHandler))
                {
                    return false;
                }
            }

            return true;
        }

        IList<Microsoft.IdentityModel.Tokens.TokenHandler> handlers = options.TokenHandlers;
        for (int i = 0; i < handlers.Count; i++)
        {
            if (handlers[i].GetType() != typeof(JsonWebTokenHandler) && handlers[i].GetType() != typeof(JwtSecurityTokenHandler))
            {
                return false;
            }
        }

        return true;
    }
}
