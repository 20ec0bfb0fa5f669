using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace JwtRevocation;

/// <summary>
/// Validates JWTs that the issuer of a scheme sends to this app and that are no access tokens: logout tokens, and security
/// event tokens.
/// </summary>
internal sealed class IssuerMessages(BearerSchemes schemes, TimeProvider timeProvider)
{
    // A logout token has some hundred bytes, a security event token seldom a thousand.
    public const int LargestMessage = 32 * 1024;

    private readonly JsonWebTokenHandler _handler = new() { MaximumTokenSizeInBytes = LargestMessage };

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
        (TokenValidationParameters parameters, Exception? keysFailure) =
            await schemes.GetParametersAsync(scheme, cancellationToken).ConfigureAwait(false);
        BeStrict(parameters, audiences);
        TokenValidationResult result = await _handler.ValidateTokenAsync(encoded, parameters).ConfigureAwait(false);
        if (result.IsValid)
        {
            var token = (JsonWebToken)result.SecurityToken;
            return token.InnerToken ?? token;
        }

        throw keysFailure is not null
            ? new SigningKeysUnavailableException(keysFailure)
            : new SecurityTokenValidationException("The message is not valid.", result.Exception);
    }

    /// <summary>Whatever the scheme allows to access tokens, a message that ends sessions is held to all of the rules.</summary>
    private void BeStrict(TokenValidationParameters parameters, IReadOnlyCollection<string> audiences)
    {
        parameters.RequireSignedTokens = true;
        parameters.SignatureValidator = null;
        parameters.SignatureValidatorUsingConfiguration = null;
        parameters.ValidateSignatureLast = false;
        parameters.ValidateIssuer = true;
        parameters.ValidateAudience = true;
        parameters.RequireAudience = true;
        parameters.AudienceValidator = null;
        if (audiences.Count > 0)
        {
            parameters.ValidAudience = null;
            parameters.ValidAudiences = audiences;
        }

        // These are of access tokens: a message has types and identifiers of its own, which its endpoint looks at.
        parameters.ValidTypes = null;
        parameters.TypeValidator = null;
        parameters.ValidateActor = false;

        TimeSpan skew = parameters.ClockSkew;
        parameters.LifetimeValidator = (notBefore, expires, _, _) =>
        {
            DateTime now = timeProvider.GetUtcNow().UtcDateTime;

            // A handler that has no key for the token asks with the least of all times for an 'exp' that is not there. To refuse
            // that would hide that the key is missing, and the issuer's new keys would never be fetched.
            return !(expires > DateTime.MinValue && expires <= now - skew) && !(notBefore > now + skew);
        };
    }
}
