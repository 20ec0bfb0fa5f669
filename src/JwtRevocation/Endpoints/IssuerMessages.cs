using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;

namespace JwtRevocation;

/// <summary>
/// Validates JWTs that the issuer of a scheme sends to this app and that are no access tokens: logout tokens, and security
/// event tokens.
/// </summary>
internal sealed class IssuerMessages(
    IOptionsMonitor<JwtBearerOptions> bearerOptions, IOptions<AuthenticationOptions> authentication, TimeProvider timeProvider)
{
    // A logout token has some hundred bytes, a security event token seldom a thousand.
    public const int LargestMessage = 32 * 1024;

    private readonly JsonWebTokenHandler _handler = new() { MaximumTokenSizeInBytes = LargestMessage };

    /// <summary>For the app's start: says what is missing where no message of a scheme's issuer could ever be valid.</summary>
    /// <param name="scheme">The JwtBearer scheme whose issuer and keys count.</param>
    /// <param name="audiences">Who the messages may be for; none means the audiences of the scheme.</param>
    /// <exception cref="InvalidOperationException">What to do is in the message.</exception>
    public void ThrowIfNoneCanBeValid(string scheme, IReadOnlyCollection<string> audiences)
    {
        if (!authentication.Value.SchemeMap.TryGetValue(scheme, out AuthenticationSchemeBuilder? builder)
            || builder.HandlerType?.IsAssignableTo(typeof(JwtBearerHandler)) != true)
        {
            throw new InvalidOperationException(
                $"'{scheme}' is not a JwtBearer scheme of this app. Pass the name of the scheme whose issuer sends the messages.");
        }

        JwtBearerOptions bearer = bearerOptions.Get(scheme);
        TokenValidationParameters parameters = bearer.TokenValidationParameters;
        if (audiences.Count == 0
            && !(parameters.ValidAudiences ?? []).Append(parameters.ValidAudience).Any(static each => !string.IsNullOrWhiteSpace(each)))
        {
            throw new InvalidOperationException(
                $"Messages of the issuer of scheme '{scheme}' have no audience to be checked for. Add what this app is called there (at an OpenID Provider, its client id) to the Audiences of the endpoint's options.");
        }

        if (bearer.ConfigurationManager is null
            && !(parameters.ValidIssuers ?? []).Append(parameters.ValidIssuer).Any(static each => !string.IsNullOrWhiteSpace(each)))
        {
            throw new InvalidOperationException(
                $"Scheme '{scheme}' names no issuer whose messages to accept. Set its Authority, or ValidIssuer in its TokenValidationParameters; an IssuerValidator does not decide on messages.");
        }
    }

    /// <summary>
    /// How far the clock of a scheme's issuer may be from this one: the scheme's clock skew, but no further ahead than a cutoff is
    /// believed. A scheme that in effect does not look at times must not revoke what is issued in years.
    /// </summary>
    public TimeSpan ClockSkewOf(string scheme) => Bounded(bearerOptions.Get(scheme).TokenValidationParameters.ClockSkew);

    /// <summary>Validates signature, issuer, audience, and the times that are there.</summary>
    /// <param name="scheme">The JwtBearer scheme whose issuer and keys count.</param>
    /// <param name="audiences">Who the message may be for; none means the audiences of the scheme.</param>
    /// <param name="encoded">The message in its compact form.</param>
    /// <param name="cancellationToken">Cancels the wait for the signing keys.</param>
    /// <returns>The signed token; of an encrypted one, the token within.</returns>
    /// <exception cref="SigningKeysUnavailableException">The keys could not be fetched, so that nobody can tell.</exception>
    /// <exception cref="SecurityTokenValidationException">The message is not valid; the inner exception says why.</exception>
    public async Task<JsonWebToken> ValidateAsync(
        string scheme, IReadOnlyCollection<string> audiences, string encoded, CancellationToken cancellationToken)
    {
        JwtBearerOptions bearer = bearerOptions.Get(scheme);
        Exception? keysFailure = null;
        OpenIdConnectConfiguration? configuration = await GetConfigurationAsync().ConfigureAwait(false);
        TokenValidationResult result = await ValidateByAsync(configuration).ConfigureAwait(false);
        if (result.Exception is SecurityTokenSignatureKeyNotFoundException && configuration is not null && bearer.RefreshOnIssuerKeyNotFound)
        {
            // As JwtBearer does; how often the keys are really fetched is for the manager to limit.
            bearer.ConfigurationManager!.RequestRefresh();
            OpenIdConnectConfiguration? refreshed = await GetConfigurationAsync().ConfigureAwait(false);
            if (refreshed is not null && !ReferenceEquals(refreshed, configuration))
            {
                result = await ValidateByAsync(refreshed).ConfigureAwait(false);
            }
        }

        if (result.IsValid)
        {
            var token = (JsonWebToken)result.SecurityToken;
            JsonWebToken signed = token.InnerToken ?? token;

            // What it names changes what the token means, and this library knows none of it (RFC 7515, section 4.1.11;
            // RFC 7516, section 4.1.13).
            return Array.Exists([token, signed], static each => each.TryGetHeaderValue("crit", out object _)) ? throw Invalid(null) : signed;
        }

        if (result.Exception is SecurityTokenSignatureKeyNotFoundException && configuration is not null && bearer.RefreshOnIssuerKeyNotFound)
        {
            // The manager fetches in the background, and not more often than its RefreshInterval: a new key may be on its way,
            // and an issuer that is told "invalid" would not send the message again.
            throw new SigningKeysUnavailableException(result.Exception);
        }

        throw keysFailure is not null && IsForWantOfConfiguration(result.Exception) ? new SigningKeysUnavailableException(keysFailure) : Invalid(result.Exception);

        async Task<OpenIdConnectConfiguration?> GetConfigurationAsync()
        {
            try
            {
                return bearer.ConfigurationManager is null
                    ? null
                    : await bearer.ConfigurationManager.GetConfigurationAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                keysFailure = exception;
                return null;
            }
        }

        Task<TokenValidationResult> ValidateByAsync(OpenIdConnectConfiguration? with) =>
            _handler.ValidateTokenAsync(encoded, Strict(bearer.TokenValidationParameters, with, audiences, failure => keysFailure = failure));
    }

    /// <summary>
    /// Whatever the scheme allows to access tokens, a message that ends sessions is held to all of the rules. So these
    /// parameters are made anew: of the scheme's, they have what says whose keys and algorithms count, and what makes the rules
    /// narrower. A setting that widens them, known or yet to come, is not taken over.
    /// </summary>
    /// <remarks>
    /// Left out with intent: every delegate that decides in place of IdentityModel (on signature, issuer, audience, type, times,
    /// replay, or how a token is read or changed before its signature is verified), the switches that turn a check off, and the
    /// manager of the metadata, with which keys that the issuer has withdrawn would count for a while longer
    /// (<see cref="BaseConfigurationManager.UseLastKnownGoodConfiguration"/>).
    /// </remarks>
    private TokenValidationParameters Strict(
        TokenValidationParameters scheme,
        OpenIdConnectConfiguration? configuration,
        IReadOnlyCollection<string> audiences,
        Action<Exception> onKeysFailure)
    {
        TimeSpan skew = Bounded(scheme.ClockSkew);
        TokenValidationParameters parameters = new()
        {
            // A manager of one configuration: delegates that ask for it get it.
            ConfigurationManager = configuration is null
                ? null
                : new StaticConfigurationManager<OpenIdConnectConfiguration>(configuration) { UseLastKnownGoodConfiguration = false },
            ValidIssuer = scheme.ValidIssuer,
            ValidIssuers = scheme.ValidIssuers,

            ValidAudience = audiences.Count > 0 ? null : scheme.ValidAudience,
            ValidAudiences = audiences.Count > 0 ? audiences : scheme.ValidAudiences,
            IgnoreTrailingSlashWhenValidatingAudience = false,

            IssuerSigningKey = scheme.IssuerSigningKey,
            IssuerSigningKeys = scheme.IssuerSigningKeys,
            TryAllIssuerSigningKeys = scheme.TryAllIssuerSigningKeys,
            CryptoProviderFactory = scheme.CryptoProviderFactory,
            IssuerSigningKeyResolver = scheme.IssuerSigningKeyResolver,
            IssuerSigningKeyResolverUsingConfiguration = scheme.IssuerSigningKeyResolverUsingConfiguration,

            // These can only refuse a key that has verified the signature.
            ValidateIssuerSigningKey = scheme.ValidateIssuerSigningKey,
            IssuerSigningKeyValidator = scheme.IssuerSigningKeyValidator,
            IssuerSigningKeyValidatorUsingConfiguration = scheme.IssuerSigningKeyValidatorUsingConfiguration,

            // IdentityModel asks the delegate in place of the list; here both must agree.
            ValidAlgorithms = scheme.ValidAlgorithms,
            AlgorithmValidator = scheme.AlgorithmValidator is not { } algorithms ? null
                : (algorithm, key, token, given) => algorithms(algorithm, key, token, given)
                    && (scheme.ValidAlgorithms?.Any() != true || scheme.ValidAlgorithms.Contains(algorithm, StringComparer.Ordinal)),

            TokenDecryptionKey = scheme.TokenDecryptionKey,
            TokenDecryptionKeys = scheme.TokenDecryptionKeys,
            TokenDecryptionKeyResolver = scheme.TokenDecryptionKeyResolver,
            PropertyBag = scheme.PropertyBag,

            // By the app's clock, which IdentityModel does not ask. Differences, because a skew may be larger than any time.
            ClockSkew = skew,
            LifetimeValidator = (notBefore, expires, _, _) =>
            {
                DateTime now = timeProvider.GetUtcNow().UtcDateTime;

                // Of an unverified token, IdentityModel passes the earliest time for one that is not there.
                bool hasExpired = expires > DateTime.MinValue && now - expires >= skew;
                return !hasExpired && !(notBefore - now > skew);
            },
        };
        AppLookups.Watch(parameters, onKeysFailure);
        return parameters;
    }

    private static TimeSpan Bounded(TimeSpan clockSkew) => clockSkew < CutoffsAhead.Believed ? clockSkew : CutoffsAhead.Believed;

    // Garbage is garbage whatever the keys, and whoever sends it need not make this look like an outage.
    private static bool IsForWantOfConfiguration(Exception? exception) =>
        exception is not (SecurityTokenMalformedException or SecurityTokenInvalidAudienceException or SecurityTokenInvalidLifetimeException
            or SecurityTokenInvalidAlgorithmException or ArgumentException);

    private static SecurityTokenValidationException Invalid(Exception? why) => new("The message is not valid.", why);
}
