using Microsoft.IdentityModel.Tokens;

namespace JwtRevocation;

/// <summary>The keys that an app looks up by itself. That it could not is nothing against the token.</summary>
internal static class KeyLookups
{
    /// <summary>Tells of each lookup that failed. The handlers, which see it too, make of it a token that is not valid.</summary>
    public static void Watch(TokenValidationParameters parameters, Action<Exception> onFailure)
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

        IEnumerable<SecurityKey> Watched(Func<IEnumerable<SecurityKey>> resolve)
        {
            try
            {
                // Here and now: it may be lazy.
                return [.. resolve() ?? []];
            }
            catch (Exception exception)
            {
                onFailure(exception);
                throw;
            }
        }
    }
}
