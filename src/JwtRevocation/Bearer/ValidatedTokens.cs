using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.IdentityModel.Tokens;

namespace JwtRevocation;

/// <summary>Writes into requests which tokens their schemes have accepted.</summary>
internal sealed class ValidatedTokens
{
    private static readonly object Several = new();

    // The scheme by which alone tokens have been accepted so far, or that there may be several in a request.
    private object? _only;

    /// <remarks>
    /// Happens in each request, and looks for an earlier token only if there may be one: to find out that a request does not have a
    /// feature is a sixth of all that the library takes (docs/benchmarks.md). By type, and not by <c>Get</c> and <c>Set</c>: those are
    /// generic methods of an interface, which the runtime looks up at each call. Items would cost less, but not every context that
    /// shares the features of a request has its items, and a copy that outlives it may.
    /// </remarks>
    public void Remember(TokenValidatedContext context, SecurityToken token)
    {
        IFeatureCollection features = context.HttpContext.Features;
        var earlier = IsOnly(context.Scheme) ? null : (ValidatedToken?)features[typeof(ValidatedToken)];
        features[typeof(ValidatedToken)] = new ValidatedToken(context.Scheme.Name, SignedToken.Of(token), earlier);
    }

    /// <summary>Puts other tokens in the place of those that were accepted up to one of them.</summary>
    /// <param name="context">The request.</param>
    /// <param name="upTo">The last one whose place is taken; what was accepted after it stays.</param>
    /// <param name="tokens">The others.</param>
    /// <returns>The last of the others.</returns>
    public ValidatedToken? Replace(HttpContext context, ValidatedToken? upTo, IEnumerable<(string Scheme, SecurityToken Token)> tokens)
    {
        // Authenticated once more, as for an error page with services of its own, the request has the token that it came with, and these.
        Volatile.Write(ref _only, Several);
        ValidatedToken? replaced = tokens.Aggregate((ValidatedToken?)null, static (earlier, each) => new(each.Scheme, each.Token, earlier));
        context.Features.Set(ValidatedToken.AcceptedIn(context).TakeWhile(token => token != upTo).Reverse().Aggregate(
            replaced, static (earlier, token) => new(token.Scheme, token.Token, earlier)));
        return replaced;
    }

    // A scheme authenticates a request once, or again with the same token. So, but for the above, a request has one of each.
    private bool IsOnly(AuthenticationScheme scheme)
    {
        object only = Volatile.Read(ref _only) ?? Interlocked.CompareExchange(ref _only, scheme, null) ?? scheme;
        if (only != scheme)
        {
            Volatile.Write(ref _only, Several);
        }

        return only == scheme;
    }
}
