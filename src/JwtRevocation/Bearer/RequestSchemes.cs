using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Http;

namespace JwtRevocation;

/// <summary>Tells which schemes the user of a request comes from.</summary>
internal static class RequestSchemes
{
    // What the authorization middleware makes of a user whom somebody else has put in place.
    private const string SomebodyElse = "context.User";

    /// <summary>
    /// The schemes that authenticated the user. A policy that names its schemes leaves the default scheme out; a scheme that
    /// forwards to another counts as that one.
    /// </summary>
    public static async Task<IReadOnlyCollection<string>> OfUserAsync(HttpContext context, IAuthenticationSchemeProvider schemes)
    {
        if (!context.User.Identities.Any(static identity => identity.IsAuthenticated))
        {
            return [];
        }

        string? name = context.Features.Get<IAuthenticateResultFeature>()?.AuthenticateResult?.Ticket?.AuthenticationScheme;
        if (name is null or SomebodyElse)
        {
            name = (await schemes.GetDefaultAuthenticateSchemeAsync().ConfigureAwait(false))?.Name;
        }

        HashSet<string> real = [];
        foreach (string named in await SplitAsync(name ?? "", schemes).ConfigureAwait(false))
        {
            // It was asked before in this request, and its answer is kept for it; a forwarding scheme answers with the
            // ticket of the one that it forwards to.
            AuthenticateResult result = await context.AuthenticateAsync(named).ConfigureAwait(false);
            if (result.Succeeded)
            {
                real.Add(result.Ticket.AuthenticationScheme);
            }
        }

        return real;
    }

    /// <summary>Whether one of these schemes takes bearer tokens.</summary>
    public static async Task<bool> AnyBearerAsync(IEnumerable<string> names, IAuthenticationSchemeProvider schemes)
    {
        foreach (string name in names)
        {
            if ((await schemes.GetSchemeAsync(name).ConfigureAwait(false))?.HandlerType.IsAssignableTo(typeof(JwtBearerHandler)) == true)
            {
                return true;
            }
        }

        return false;
    }

    // The authorization middleware joins the names of a policy's schemes with a semicolon, which a name may have itself.
    private static async Task<IReadOnlyCollection<string>> SplitAsync(string names, IAuthenticationSchemeProvider schemes)
    {
        if (await schemes.GetSchemeAsync(names).ConfigureAwait(false) is not null)
        {
            return [names];
        }

        List<string> known = [];
        foreach (string name in names.Split(';'))
        {
            if (await schemes.GetSchemeAsync(name).ConfigureAwait(false) is not null)
            {
                known.Add(name);
            }
        }

        return known;
    }
}
