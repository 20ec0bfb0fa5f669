using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Tokens;

namespace JwtRevocation;

/// <summary>
/// Knows for how long a revocation must be kept: as long as any parameters under the library's protection could still
/// accept the token.
/// </summary>
/// <remarks>It only learns of longer times. Forgetting one would drop entries that an earlier reader still needs.</remarks>
internal sealed class TokenRetention(IOptions<JwtRevocationOptions> options, ILogger<TokenRetention> logger)
{
    private readonly TimeSpan _margin = options.Value.RetentionMargin;
    private readonly TimeSpan _maxTokenLifetime = options.Value.MaxTokenLifetime;
    private long _clockSkew;
    private bool _expirationIsNotChecked;

    /// <summary>Learns of parameters by which tokens are validated.</summary>
    /// <param name="parameters">The parameters.</param>
    /// <param name="byOwnRules">Whether a delegate or a handler of the app's own may decide on the times: by which rules, nobody can know.</param>
    public void Include(TokenValidationParameters parameters, bool byOwnRules)
    {
        if ((byOwnRules || !parameters.ValidateLifetime) && !Interlocked.Exchange(ref _expirationIsNotChecked, true))
        {
            logger.KeptForGood();
        }

        long skew = parameters.ClockSkew.Ticks;
        long known;
        while (skew > (known = Interlocked.Read(ref _clockSkew))
            && Interlocked.CompareExchange(ref _clockSkew, skew, known) != known)
        {
        }
    }

    /// <summary>The time until which a revocation of a token with this <c>exp</c> must be kept.</summary>
    public DateTimeOffset KeepUntil(DateTimeOffset? tokenExpires)
    {
        if (Volatile.Read(ref _expirationIsNotChecked) || tokenExpires is not { } expires)
        {
            return DateTimeOffset.MaxValue;
        }

        return Later(Later(expires, ClockSkew), _margin);
    }

    /// <summary>The time until which a revocation of tokens that were issued up to a cutoff must be kept.</summary>
    /// <param name="cutoff">The cutoff.</param>
    /// <param name="mayBeRefreshed">
    /// Whether tokens that are issued after it are meant too. They are as old at most as those when it is dropped.
    /// </param>
    public DateTimeOffset KeepGroupUntil(DateTimeOffset cutoff, bool mayBeRefreshed)
    {
        DateTimeOffset lastIssued = mayBeRefreshed ? Later(cutoff, _maxTokenLifetime) : cutoff;
        return Later(Later(Later(lastIssued, _maxTokenLifetime), ClockSkew), _margin);
    }

    private TimeSpan ClockSkew => new(Interlocked.Read(ref _clockSkew));

    private static DateTimeOffset Later(DateTimeOffset time, TimeSpan by) =>
        DateTimeOffset.MaxValue - time > by ? time + by : DateTimeOffset.MaxValue;
}
