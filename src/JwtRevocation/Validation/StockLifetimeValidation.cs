using System.Runtime.CompilerServices;
using Microsoft.IdentityModel.Tokens;

namespace JwtRevocation;

/// <summary>
/// IdentityModel's own check of <c>exp</c> and <c>nbf</c>, which a <see cref="LifetimeValidator"/> delegate replaces.
/// </summary>
/// <remarks>
/// It asks IdentityModel itself, so that decision, exception and text are those of the version at hand. That takes
/// parameters without a delegate; they are kept for as long as the settings that matter stay the same.
/// </remarks>
internal sealed class StockLifetimeValidation(TokenValidationParameters parameters)
{
    private readonly TokenValidationParameters _withoutDelegate = new()
    {
        ClockSkew = parameters.ClockSkew,
        RequireExpirationTime = parameters.RequireExpirationTime,
        ValidateLifetime = parameters.ValidateLifetime,
    };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool IsFor(TokenValidationParameters parameters) =>
        parameters.ClockSkew == _withoutDelegate.ClockSkew
        && parameters.RequireExpirationTime == _withoutDelegate.RequireExpirationTime
        && parameters.ValidateLifetime == _withoutDelegate.ValidateLifetime;

    public void Validate(DateTime? notBefore, DateTime? expires, SecurityToken token) =>
        Validators.ValidateLifetime(notBefore, expires, token, _withoutDelegate);
}
