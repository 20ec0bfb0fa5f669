using Microsoft.AspNetCore.Authentication;

namespace JwtRevocation;

/// <summary>
/// What a sign-out ends, when it is more than the token of the request: for <c>HttpContext.SignOutAsync(properties)</c> and
/// <c>TypedResults.SignOut(properties)</c>.
/// </summary>
public static class SignOutScope
{
    private const string Parameter = "JwtRevocation.Scope";

    /// <summary>
    /// The token of the request, and all tokens of its subject that were issued up to now: sign out everywhere.
    /// </summary>
    /// <returns>New properties that say so. A token without <c>sub</c> is all that there is of its subject.</returns>
    public static AuthenticationProperties Everywhere() => Of(Scope.Everywhere);

    /// <summary>
    /// All tokens of the subject that were issued up to now, but those of the request's session: sign out my other devices.
    /// A token without <c>sid</c> is a session by itself. Of a request that two sessions of a subject have authenticated,
    /// neither is spared.
    /// </summary>
    /// <returns>New properties that say so. A token without <c>sub</c> is all that there is of its subject.</returns>
    public static AuthenticationProperties Others() => Of(Scope.Others);

    internal static Scope From(AuthenticationProperties? properties) => properties?.GetParameter<Scope>(Parameter) ?? Scope.Token;

    private static AuthenticationProperties Of(Scope scope)
    {
        AuthenticationProperties properties = new();
        properties.SetParameter(Parameter, scope);
        return properties;
    }

    internal enum Scope
    {
        Token,
        Everywhere,
        Others,
    }
}
