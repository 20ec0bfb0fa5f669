using Microsoft.IdentityModel.Tokens;

namespace JwtRevocation;

/// <summary>
/// What an app looks up by itself to decide on a token: keys, or tenants by their issuer, say. That it could not is nothing
/// against the token.
/// </summary>
internal static class AppLookups
{
    /// <summary>Tells of each lookup that failed. The handlers, which see it too, make of it a token that is not valid.</summary>
    public static void Watch(TokenValidationParameters parameters, Action<Exception> onFailure)
    {
        if (parameters.ActorValidationParameters is { } actor)
        {
            Watch(actor, onFailure);
        }

        WatchResolvers(parameters, onFailure);
        if (parameters.AlgorithmValidator is { } algorithm)
        {
            parameters.AlgorithmValidator = (value, key, token, given) => Watched(() => algorithm(value, key, token, given));
        }

        if (parameters.AudienceValidator is { } audience)
        {
            parameters.AudienceValidator = (values, token, given) => Watched(() => audience(values, token, given));
        }

        if (parameters.IssuerSigningKeyValidator is { } key)
        {
            parameters.IssuerSigningKeyValidator = (value, token, given) => Watched(() => key(value, token, given));
        }

        if (parameters.IssuerSigningKeyValidatorUsingConfiguration is { } configuredKey)
        {
            parameters.IssuerSigningKeyValidatorUsingConfiguration = (value, token, given, configuration) =>
                Watched(() => configuredKey(value, token, given, configuration));
        }

        if (parameters.IssuerValidator is { } issuer)
        {
            parameters.IssuerValidator = (value, token, given) => Watched(() => issuer(value, token, given));
        }

        if (parameters.IssuerValidatorUsingConfiguration is { } configuredIssuer)
        {
            parameters.IssuerValidatorUsingConfiguration = (value, token, given, configuration) =>
                Watched(() => configuredIssuer(value, token, given, configuration));
        }

        if (parameters.SignatureValidator is { } signature)
        {
            parameters.SignatureValidator = (token, given) => Watched(() => signature(token, given));
        }

        if (parameters.SignatureValidatorUsingConfiguration is { } configuredSignature)
        {
            parameters.SignatureValidatorUsingConfiguration = (token, given, configuration) =>
                Watched(() => configuredSignature(token, given, configuration));
        }

        if (parameters.TokenReader is { } reader)
        {
            parameters.TokenReader = (token, given) => Watched(() => reader(token, given));
        }

        if (parameters.TransformBeforeSignatureValidation is { } transform)
        {
            parameters.TransformBeforeSignatureValidation = (token, given) => Watched(() => transform(token, given));
        }

        if (parameters.TypeValidator is { } type)
        {
            parameters.TypeValidator = (value, token, given) => Watched(() => type(value, token, given));
        }

        T Watched<T>(Func<T> decide)
        {
            try
            {
                return decide();
            }
            catch (Exception exception) when (!SaysNo(exception))
            {
                onFailure(exception);
                throw;
            }
        }
    }

    /// <summary>Whether it is how an app's delegate or handler says that a token is not valid, or what garbage leads to, and no failure.</summary>
    public static bool SaysNo(Exception exception) => exception
        is SecurityTokenException or ArgumentException or KeyNotFoundException or FormatException;

    private static void WatchResolvers(TokenValidationParameters parameters, Action<Exception> onFailure)
    {
        if (parameters.IssuerSigningKeyResolver is { } resolver)
        {
            parameters.IssuerSigningKeyResolver = (token, securityToken, kid, given) => Watched(() => resolver(token, securityToken, kid, given));
        }

        if (parameters.IssuerSigningKeyResolverUsingConfiguration is { } configured)
        {
            parameters.IssuerSigningKeyResolverUsingConfiguration = (token, securityToken, kid, given, configuration) =>
                Watched(() => configured(token, securityToken, kid, given, configuration));
        }

        if (parameters.TokenDecryptionKeyResolver is { } decryption)
        {
            parameters.TokenDecryptionKeyResolver = (token, securityToken, kid, given) => Watched(() => decryption(token, securityToken, kid, given));
        }

        IEnumerable<SecurityKey> Watched(Func<IEnumerable<SecurityKey>?> resolve)
        {
            try
            {
                // Here and now: it may be lazy. Where there is none, and no empty list, JwtSecurityTokenHandler tries the
                // scheme's own keys.
                return resolve() is { } keys ? [.. keys] : null!;
            }
            catch (Exception exception)
            {
                onFailure(exception);
                throw;
            }
        }
    }
}
