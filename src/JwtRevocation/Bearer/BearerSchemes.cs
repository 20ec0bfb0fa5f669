using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;

namespace JwtRevocation;

/// <summary>The JwtBearer schemes that the library covers.</summary>
internal sealed class BearerSchemes(
    IEnumerable<IAuthenticationSchemeProvider> providers,
    IOptionsMonitor<JwtBearerOptions> bearerOptions,
    BearerProtection protection,
    TokenRetention retention,
    IOptions<JwtRevocationOptions> options,
    TimeProvider timeProvider)
{
    // None in a worker, which has no authentication services.
    private readonly IAuthenticationSchemeProvider? _provider = providers.LastOrDefault();
    private readonly JwtRevocationOptions _options = options.Value;

    /// <summary>Makes sure that the options of every scheme exist, and that the library is in them.</summary>
    public async ValueTask ProtectAllAsync()
    {
        foreach (string scheme in await GetNamesAsync().ConfigureAwait(false))
        {
            TryGet(scheme, failures: null);
        }
    }

    /// <summary>Validates a token by the schemes in turn, all but its times.</summary>
    /// <exception cref="SigningKeysUnavailableException">
    /// None accepts it, but the keys of one could not be fetched, or its issuer may have newer ones than this node.
    /// </exception>
    /// <exception cref="SecurityTokenValidationException">None accepts it.</exception>
    public async Task<SecurityToken> ValidateAsync(string encodedToken, CancellationToken cancellationToken)
    {
        List<Exception> failures = [];
        foreach (string scheme in await GetNamesAsync().ConfigureAwait(false))
        {
            if (await ValidateAsync(scheme, encodedToken, atAnyTime: true, failures, cancellationToken).ConfigureAwait(false) is { } token)
            {
                return token;
            }
        }

        throw NoneAccepts(failures);
    }

    /// <summary>
    /// As <see cref="ValidateAsync(string, CancellationToken)"/>, with its times, and whether it is revoked, by each of some
    /// schemes.
    /// </summary>
    /// <returns>The token as the schemes that accept it have read it: one of them at least.</returns>
    public async Task<IReadOnlyList<(string Scheme, SecurityToken Token)>> ValidateNowAsync(
        IEnumerable<string> schemes, string encodedToken, CancellationToken cancellationToken)
    {
        List<(string Scheme, SecurityToken Token)> accepted = [];
        List<Exception> failures = [];
        foreach (string scheme in schemes)
        {
            if (await ValidateAsync(scheme, encodedToken, atAnyTime: false, failures, cancellationToken).ConfigureAwait(false) is { } token)
            {
                accepted.Add((scheme, token));
            }
        }

        return accepted.Count > 0 ? accepted : throw NoneAccepts(failures);
    }

    private static Exception NoneAccepts(List<Exception> failures) =>
        failures.Find(static failure => failure is SigningKeysUnavailableException) ?? new SecurityTokenValidationException(
            "No JwtBearer scheme that JwtRevocation covers accepts the token.", new AggregateException(failures));

    private async Task<SecurityToken?> ValidateAsync(
        string scheme, string encodedToken, bool atAnyTime, List<Exception> failures, CancellationToken cancellationToken) =>
        TryGet(scheme, failures) is { } bearer
            ? await ValidateAsync(bearer, encodedToken, atAnyTime, failures, cancellationToken).ConfigureAwait(false)
            : null;

    private async Task<SecurityToken?> ValidateAsync(
        JwtBearerOptions bearer, string encodedToken, bool atAnyTime, List<Exception> failures, CancellationToken cancellationToken)
    {
        try
        {
            (TokenValidationParameters parameters, Exception? keysFailure) = await GetParametersAsync(bearer, cancellationToken).ConfigureAwait(false);
            if (atAnyTime)
            {
                AcceptAnyTime(parameters);
            }

            if (keysFailure is not null)
            {
                failures.Add(new SigningKeysUnavailableException(keysFailure));
            }

            AppLookups.Watch(parameters, failure => failures.Add(new SigningKeysUnavailableException(failure)));
            int earlier = failures.Count;
            SecurityToken? token = bearer.UseSecurityTokenValidators
                ? ValidateBySecurityTokenValidators(bearer, encodedToken, parameters, failures)
                : await ValidateByTokenHandlersAsync(bearer, encodedToken, parameters, failures).ConfigureAwait(false);
            if (token is null && MayGetNewKeys(bearer)
                && failures.FindIndex(earlier, static failure => failure is SecurityTokenSignatureKeyNotFoundException) is var at and >= 0
                && !HasExpired(encodedToken))
            {
                // Its issuer is right, but its key is not here. New keys are fetched in the background, and not more often
                // than RefreshInterval: another node may have them already, and accept the token.
                failures.Add(new SigningKeysUnavailableException(failures[at]));
            }

            return token;
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            // The next scheme may do better: this one's metadata, say, are out of reach.
            failures.Add(exception);
            return null;
        }
    }

    private static async Task<SecurityToken?> ValidateByTokenHandlersAsync(
        JwtBearerOptions bearer, string encodedToken, TokenValidationParameters parameters, List<Exception> failures)
    {
        foreach (TokenHandler handler in bearer.TokenHandlers)
        {
            try
            {
                TokenValidationResult result = await handler.ValidateTokenAsync(encodedToken, parameters).ConfigureAwait(false);
                if (result.IsValid)
                {
                    return result.SecurityToken;
                }

                failures.Add(FailureOf(bearer, result.Exception ?? new SecurityTokenValidationException("The handler refused the token and did not say why.")));
            }
            catch (Exception exception)
            {
                failures.Add(FailureOf(bearer, exception));
            }
        }

        return null;
    }

    private static SecurityToken? ValidateBySecurityTokenValidators(
        JwtBearerOptions bearer, string encodedToken, TokenValidationParameters parameters, List<Exception> failures)
    {
#pragma warning disable CS0618 // An app that sets UseSecurityTokenValidators still uses them.
        foreach (ISecurityTokenValidator validator in bearer.SecurityTokenValidators)
#pragma warning restore CS0618
        {
            try
            {
                if (validator.CanReadToken(encodedToken))
                {
                    validator.ValidateToken(encodedToken, parameters, out SecurityToken token);
                    return token;
                }
            }
            catch (Exception exception)
            {
                failures.Add(FailureOf(bearer, exception));
            }
        }

        return null;
    }

    // A handler of the app's own may ask somebody who is out of reach.
    private static Exception FailureOf(JwtBearerOptions bearer, Exception exception) =>
        BearerProtection.HandlersAreStock(bearer) || AppLookups.SaysNo(exception) ? exception : new SigningKeysUnavailableException(exception);

    /// <summary>
    /// The scheme's parameters with its issuer's keys, as JwtBearer completes them for a request; and why those could not be
    /// fetched, if so: the parameters may have others.
    /// </summary>
    private static async Task<(TokenValidationParameters Parameters, Exception? KeysFailure)> GetParametersAsync(
        JwtBearerOptions bearer, CancellationToken cancellationToken)
    {
        TokenValidationParameters parameters = bearer.TokenValidationParameters.Clone();

        // A message may come twice, and a token have been used.
        parameters.ValidateTokenReplay = false;
        parameters.TokenReplayValidator = null;
        try
        {
            if (bearer.ConfigurationManager is BaseConfigurationManager manager)
            {
                parameters.ConfigurationManager = manager;
                await manager.GetBaseConfigurationAsync(cancellationToken).ConfigureAwait(false);
            }
            else if (bearer.ConfigurationManager is not null)
            {
                OpenIdConnectConfiguration configuration =
                    await bearer.ConfigurationManager.GetConfigurationAsync(cancellationToken).ConfigureAwait(false);
                parameters.ValidIssuers = [.. parameters.ValidIssuers ?? [], configuration.Issuer];
                parameters.IssuerSigningKeys = [.. parameters.IssuerSigningKeys ?? [], .. configuration.SigningKeys];
            }

            return (parameters, null);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            return (parameters, exception);
        }
    }

    // From the issuer's metadata, or by a resolver of the app.
    private static bool MayGetNewKeys(JwtBearerOptions bearer) =>
        bearer.ConfigurationManager is not null
        || bearer.TokenValidationParameters is not { IssuerSigningKeyResolver: null, IssuerSigningKeyResolverUsingConfiguration: null };

    /// <summary>Whether a token says that it has expired, where that ends it. A forged one may say so: nobody accepts that.</summary>
    private bool HasExpired(string encodedToken)
    {
        try
        {
            DateTime expires = new JsonWebToken(encodedToken).ValidTo;
            return expires != DateTime.MinValue && retention.KeepUntil(new(DateTime.SpecifyKind(expires, DateTimeKind.Utc))) <= timeProvider.GetUtcNow();
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    // Whether it is revoked, or is valid only later, it can be revoked.
    private static void AcceptAnyTime(TokenValidationParameters parameters)
    {
        for (TokenValidationParameters? each = parameters; each is not null; each = each.ActorValidationParameters)
        {
            each.LifetimeValidator = static (_, _, _, _) => true;
        }
    }

    /// <summary>The options of a scheme, unless they are wrong: then the scheme accepts no token.</summary>
    private JwtBearerOptions? TryGet(string scheme, List<Exception>? failures)
    {
        try
        {
            // Options that somebody has put into the cache were never validated, and thereby never protected.
            JwtBearerOptions bearer = bearerOptions.Get(scheme);
            protection.Protect(bearer);
            return bearer;
        }
        catch (Exception exception)
        {
            failures?.Add(exception);
            return null;
        }
    }

    private async ValueTask<List<string>> GetNamesAsync()
    {
        List<string> names = [];
        if (_provider is not null)
        {
            foreach (AuthenticationScheme scheme in await _provider.GetAllSchemesAsync().ConfigureAwait(false))
            {
                if (scheme.HandlerType.IsAssignableTo(typeof(JwtBearerHandler)) && _options.Covers(scheme.Name))
                {
                    names.Add(scheme.Name);
                }
            }
        }

        return names;
    }
}
