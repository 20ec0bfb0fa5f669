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

        string name = NotedIn(context) ?? (await schemes.GetDefaultAuthenticateSchemeAsync().ConfigureAwait(false))?.Name ?? "";
        HashSet<string> real = [];
        foreach (string named in await SplitAsync(name, schemes).ConfigureAwait(false))
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

    /// <summary>As <see cref="OfUserAsync"/>, but asks none of them: what the request has noted, and without what they forward to.</summary>
    public static async Task<IReadOnlyCollection<string>> NotedAsync(HttpContext context, IAuthenticationSchemeProvider schemes) =>
        NotedIn(context) is { } name ? await SplitAsync(name, schemes).ConfigureAwait(false) : [];

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

    private static string? NotedIn(HttpContext context) =>
        context.Features.Get<IAuthenticateResultFeature>()?.AuthenticateResult?.Ticket?.AuthenticationScheme is { } name and not SomebodyElse ? name : null;

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
