using Microsoft.IdentityModel.Tokens;

namespace JwtRevocation;

/// <summary>The keys of an issuer could not be fetched, or what else the app looks up: a token of it may be good or bad.</summary>
#pragma warning disable CA1032, CA1064 // Nobody outside sees it as more than its base class.
internal sealed class SigningKeysUnavailableException(Exception innerException)
    : SecurityTokenValidationException("The signing keys of an issuer, or what else the app looks up to validate a token, are out of reach, so that its tokens cannot be validated.", innerException);
#pragma warning restore CA1032, CA1064
