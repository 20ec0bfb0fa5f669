using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.Extensions.Options;

namespace JwtRevocation;

/// <summary>Registers the scheme that signs out, and makes it the default one unless the app has one that can.</summary>
internal sealed class SignOutScheme : IPostConfigureOptions<AuthenticationOptions>
{
    private const string SuppressAutoDefaultScheme = "Microsoft.AspNetCore.Authentication.SuppressAutoDefaultScheme";

    public void PostConfigure(string? name, AuthenticationOptions options)
    {
        if (options.SchemeMap.ContainsKey(JwtRevocationDefaults.AuthenticationScheme)
            || !options.Schemes.Any(scheme => scheme.HandlerType?.IsAssignableTo(typeof(JwtBearerHandler)) == true))
        {
            return;
        }

        // An app's only scheme is its default one. With ours it is not the only one any more, but must stay the default.
        bool suppressed = AppContext.TryGetSwitch(SuppressAutoDefaultScheme, out bool isEnabled) && isEnabled;
        if (options.DefaultScheme is null && !suppressed && options.Schemes.Count() == 1)
        {
            options.DefaultScheme = options.Schemes.Single().Name;
        }

        if (TakesOver(options))
        {
            options.DefaultSignOutScheme = JwtRevocationDefaults.AuthenticationScheme;
        }

        options.AddScheme<SignOutHandler>(JwtRevocationDefaults.AuthenticationScheme, displayName: null);
    }

    /// <summary>
    /// Whether a sign-out that names no scheme should come here: where it would throw today, and where the app's users are
    /// authenticated by bearer tokens by default, so that the scheme that it would go to (that of Identity's external
    /// logins, say) has nothing of theirs. What the app has chosen for signing out, and can, stays.
    /// </summary>
    private static bool TakesOver(AuthenticationOptions options)
    {
        if (options.DefaultSignOutScheme is { } chosen)
        {
            return IsA<JwtBearerHandler>(options, chosen);
        }

        return IsA<JwtBearerHandler>(options, options.DefaultAuthenticateScheme ?? options.DefaultScheme)
            || !IsA<IAuthenticationSignOutHandler>(options, options.DefaultSignInScheme ?? options.DefaultScheme);
    }

    private static bool IsA<THandler>(AuthenticationOptions options, string? scheme) =>
        scheme is not null
        && options.SchemeMap.TryGetValue(scheme, out AuthenticationSchemeBuilder? builder)
        && builder.HandlerType?.IsAssignableTo(typeof(THandler)) == true;
}
