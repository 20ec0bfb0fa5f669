using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.Extensions.Options;

namespace JwtRevocation;

internal sealed class JwtRevocationOptionsValidator(IOptions<AuthenticationOptions> authentication) : IValidateOptions<JwtRevocationOptions>
{
    public ValidateOptionsResult Validate(string? name, JwtRevocationOptions options)
    {
        ValidateOptionsResultBuilder result = new();
        if (options.RetentionMargin < TimeSpan.Zero)
        {
            result.AddError($"must not be negative, but is '{options.RetentionMargin}'.", Property(nameof(options.RetentionMargin)));
        }

        if (options.MaxTokenLifetime <= TimeSpan.Zero)
        {
            result.AddError($"must be positive, but is '{options.MaxTokenLifetime}'.", Property(nameof(options.MaxTokenLifetime)));
        }

        if (!Enum.IsDefined(options.WhenUnavailable))
        {
            result.AddError($"must be Reject or Allow, but is '{options.WhenUnavailable}'.", Property(nameof(options.WhenUnavailable)));
        }

        foreach (string scheme in options.Schemes)
        {
            if (!authentication.Value.SchemeMap.TryGetValue(scheme, out AuthenticationSchemeBuilder? builder)
                || builder.HandlerType?.IsAssignableTo(typeof(JwtBearerHandler)) != true)
            {
                result.AddError($"names '{scheme}', which is not a JwtBearer scheme of this app.", Property(nameof(options.Schemes)));
            }
        }

        return result.Build();
    }

    private static string Property(string property) => $"{nameof(JwtRevocationOptions)}.{property}";
}
