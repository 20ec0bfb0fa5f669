using JwtRevocation;
using Microsoft.Extensions.DependencyInjection;

namespace Microsoft.IdentityModel.Tokens;

/// <summary>Revocation for tokens that are validated without JwtBearer: in a worker, a gateway, a socket server.</summary>
public static class JwtRevocationTokenValidationParametersExtensions
{
    /// <summary>
    /// Lets whoever validates tokens by these parameters refuse revoked ones: with a
    /// <see cref="SecurityTokenRevokedException"/>, or a <see cref="SecurityTokenRevocationUnknownException"/> while the
    /// store cannot answer.
    /// </summary>
    /// <param name="parameters">
    /// The parameters. A <see cref="TokenValidationParameters.LifetimeValidator"/> that is there already stays in force;
    /// set none afterwards. The handler must set <see cref="SecurityToken.SigningKey"/> on a token whose signature it has
    /// verified, as IdentityModel's handlers do.
    /// </param>
    /// <param name="services">The app's services, with <c>AddJwtRevocation()</c> among them.</param>
    /// <returns>The same parameters.</returns>
    /// <exception cref="InvalidOperationException"><c>AddJwtRevocation()</c> was not called.</exception>
    public static TokenValidationParameters AddJwtRevocation(this TokenValidationParameters parameters, IServiceProvider services)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        ArgumentNullException.ThrowIfNull(services);
        RevocationLifetimeValidator.Protect(
            parameters,
            services.GetAdded<RevocationCheck>(),
            services.GetRequiredService<TokenRetention>(),
            handlersAreStock: true);
        return parameters;
    }
}
