using System.IdentityModel.Tokens.Jwt;
using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.IdentityModel.Tokens;

namespace JwtRevocation;

/// <summary>Tells whether a token was issued to the caller (RFC 7009, section 2.1), by what both say of themselves.</summary>
internal static class TokenRevocationCaller
{
    private const string ClientId = "client_id";

    /// <summary>Whether the caller is the client that the token was issued to, or its subject.</summary>
    public static async ValueTask<bool> OwnsAsync(HttpContext context, IAuthenticationSchemeProvider schemes, SecurityToken token)
    {
        // IdentityModel says the same of the claims of a token that has no issuer.
        string issuer = string.IsNullOrWhiteSpace(token.Issuer) ? ClaimsIdentity.DefaultIssuer : token.Issuer;
        string?[] clients = [TokenClaims.GetText(token, ClientId), TokenClaims.GetText(token, JwtRegisteredClaimNames.Azp)];
        string? subject = TokenClaims.GetText(token, JwtRegisteredClaimNames.Sub);

        IReadOnlyCollection<string> userSchemes = await RequestSchemes.OfUserAsync(context, schemes).ConfigureAwait(false);
        bool byBearer = await RequestSchemes.AnyBearerAsync(userSchemes, schemes).ConfigureAwait(false);
        return context.User.Claims.Any(claim =>
            claim.Issuer == issuer
                ? (IsClient(claim) && clients.Contains(claim.Value)) || (IsSubject(claim) && claim.Value == subject)
                // What the app's own authentication of clients says, it says of any issuer's clients; a bearer token that
                // names no issuer does not.
                : claim.Issuer == ClaimsIdentity.DefaultIssuer && !byBearer && IsClient(claim) && clients.Contains(claim.Value));
    }

    private static bool IsClient(Claim claim) => claim.Type is ClientId or JwtRegisteredClaimNames.Azp;

    // A `nameid` is mapped to the same type as `sub`, and need not be the same.
    private static bool IsSubject(Claim claim) => claim.Type == JwtRegisteredClaimNames.Sub
        || (claim.Type == ClaimTypes.NameIdentifier
            && claim.Properties.TryGetValue(JwtSecurityTokenHandler.ShortClaimTypeProperty, out string? written)
            && written == JwtRegisteredClaimNames.Sub);
}
