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

        // In the order in which ASP.NET Core looks for it.
        string? signOutScheme = options.DefaultSignOutScheme ?? options.DefaultSignInScheme ?? options.DefaultScheme;
        if (signOutScheme is null || !CanSignOut(options, signOutScheme))
        {
            options.DefaultSignOutScheme = JwtRevocationDefaults.AuthenticationScheme;
        }

        options.AddScheme<SignOutHandler>(JwtRevocationDefaults.AuthenticationScheme, displayName: null);
    }

    private static bool CanSignOut(AuthenticationOptions options, string scheme) =>
        options.SchemeMap.TryGetValue(scheme, out AuthenticationSchemeBuilder? builder)
        && builder.HandlerType?.IsAssignableTo(typeof(IAuthenticationSignOutHandler)) == true;
}
