using Microsoft.IdentityModel.Tokens;

namespace JwtRevocation.Tests;

/// <summary>A token of another type, as a SAML assertion would be.</summary>
internal sealed class NotAJwt : SecurityToken
{
    public override string Id => "id";

    public override string Issuer => TestTokens.Issuer;

    public override SecurityKey? SecurityKey => null;

    public override SecurityKey? SigningKey { get; set; }

    public override DateTime ValidFrom => DateTime.MinValue;

    public override DateTime ValidTo => DateTime.MaxValue;
}
