using System.Runtime.CompilerServices;
using Microsoft.IdentityModel.Tokens;

namespace JwtRevocation;

/// <summary>
/// What stands in <see cref="TokenValidationParameters.LifetimeValidator"/>: decides on the times as would be decided
/// without it, then asks whether the token was revoked.
/// </summary>
/// <remarks>
/// What nearly every token runs through from here is inlined, where the compiler would not do it by itself: by the time of the next
/// request the code is in no cache, and each method is another address to translate and another line to wait for.
/// </remarks>
internal sealed class RevocationLifetimeValidator
{
    private readonly RevocationCheck _check;
    private readonly TokenRetention _retention;
    private readonly LifetimeValidator? _appValidator;
    private readonly bool _byOwnDelegate;
    private volatile bool _handlersAreStock;
    private StockLifetimeValidation _stock;

    private RevocationLifetimeValidator(
        RevocationCheck check, TokenRetention retention, TokenValidationParameters parameters, bool handlersAreStock)
    {
        _check = check;
        _retention = retention;
        _handlersAreStock = handlersAreStock;
        _appValidator = parameters.LifetimeValidator;

        // Another app's validator decides as the delegate does that it has found itself.
        _byOwnDelegate = _appValidator?.Target is RevocationLifetimeValidator other ? other._byOwnDelegate : _appValidator is not null;
        _stock = Learn(parameters);
    }

    /// <summary>Puts a validator into <paramref name="parameters"/>, unless this app's one is there already.</summary>
    public static void Protect(
        TokenValidationParameters parameters, RevocationCheck check, TokenRetention retention, bool handlersAreStock)
    {
        if (Of(parameters, check) is not { } validator)
        {
            parameters.LifetimeValidator = new RevocationLifetimeValidator(check, retention, parameters, handlersAreStock).Validate;
        }
        else if (!handlersAreStock)
        {
            // Parameters that several schemes share are as careful as the most doubtful handler needs.
            validator._handlersAreStock = false;
            validator.Learn(parameters);
        }

        // An actor's token is validated by these when they are set, and by the outer parameters when not.
        if (parameters.ActorValidationParameters is { } actor && actor != parameters)
        {
            Protect(actor, check, retention, handlersAreStock);
        }
    }

    /// <summary>Whether a handler that validates by these parameters asks this app's store.</summary>
    public static bool IsProtected(TokenValidationParameters parameters, RevocationCheck check) => Of(parameters, check) is not null;

    // Another app that shares the parameters may have put its own before it.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static RevocationLifetimeValidator? Of(TokenValidationParameters parameters, RevocationCheck check)
    {
        var validator = parameters.LifetimeValidator?.Target as RevocationLifetimeValidator;
        while (validator is not null && validator._check != check)
        {
            validator = validator._appValidator?.Target as RevocationLifetimeValidator;
        }

        return validator;
    }

    private bool Validate(
        DateTime? notBefore, DateTime? expires, SecurityToken token, TokenValidationParameters parameters)
    {
        if (_appValidator is not null && AppValidator() is { } appValidator)
        {
            if (!appValidator(notBefore, expires, token, parameters))
            {
                return false;
            }

            if (_check.HasEnded && appValidator.Target is RevocationLifetimeValidator)
            {
                return true;
            }
        }
        else
        {
            StockFor(parameters).Validate(notBefore, expires, token);
        }

        if (!IsRefusedAnyway(token, parameters))
        {
            _check.ThrowIfRevoked(token);
        }

        return true;
    }

    // Another app that has ended has nothing to say any more: its memory gets old, and would refuse what this one accepts.
    private LifetimeValidator? AppValidator()
    {
        LifetimeValidator? validator = _appValidator;
        while (validator?.Target is RevocationLifetimeValidator { _check.HasEnded: true } ended)
        {
            validator = ended._appValidator;
        }

        return validator;
    }

    /// <summary>
    /// Whether the handler is only looking for the best error, with no key that fits the signature: then it must be left
    /// to say so, because JwtBearer fetches new signing keys when it does, even while the store cannot answer; and whoever
    /// made that token must learn nothing of what is revoked. Wherever the token could still be accepted, this is false.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool IsRefusedAnyway(SecurityToken? token, TokenValidationParameters parameters) =>
        _handlersAreStock
        && token is { SigningKey: null }
        && parameters is
        {
            RequireSignedTokens: true,
            ValidateSignatureLast: false,
            SignatureValidator: null,
            SignatureValidatorUsingConfiguration: null,
        };

    // The parameters of a request are a copy that somebody may have changed.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private StockLifetimeValidation StockFor(TokenValidationParameters parameters)
    {
        StockLifetimeValidation stock = Volatile.Read(ref _stock);
        return stock.IsFor(parameters) ? stock : Learn(parameters);
    }

    private StockLifetimeValidation Learn(TokenValidationParameters parameters)
    {
        // A handler of the app's own may judge the times without asking anybody.
        _retention.Include(parameters, byOwnRules: _byOwnDelegate || !_handlersAreStock);
        StockLifetimeValidation stock = new(parameters);
        Volatile.Write(ref _stock, stock);
        return stock;
    }
}
