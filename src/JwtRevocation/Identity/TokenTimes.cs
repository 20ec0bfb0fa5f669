using System.Globalization;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace JwtRevocation;

/// <summary>Holds the time at which a token was issued against a cutoff.</summary>
internal static class TokenTimes
{
    public const string IssuedAt = JwtRegisteredClaimNames.Iat;
    public const string AuthenticationTime = JwtRegisteredClaimNames.AuthTime;

    // In seconds: beyond what DateTime can hold, and near enough that no product below overflows.
    private const long Never = 500_000_000_000;

    /// <summary>
    /// Whether the token's time is the cutoff or earlier. For want of <c>auth_time</c>, <c>iat</c> counts, and for want of
    /// that <c>nbf</c>; a token with none of them is always that old.
    /// </summary>
    /// <param name="token">The token.</param>
    /// <param name="claim"><see cref="IssuedAt"/> or <see cref="AuthenticationTime"/>.</param>
    /// <param name="exact">The cutoff for a time with a fraction; UTC ticks.</param>
    /// <param name="wholeSeconds">The cutoff for a time without; UTC ticks.</param>
    public static bool IsUpTo(SecurityToken token, string claim, long exact, long wholeSeconds)
    {
        if (exact == long.MinValue && wholeSeconds == long.MinValue)
        {
            return false;
        }

        object? value;
        while (!TokenClaims.TryGet(token, claim, out value) || value is null)
        {
            switch (claim)
            {
                case AuthenticationTime:
                    claim = IssuedAt;
                    break;
                case IssuedAt:
                    claim = JwtRegisteredClaimNames.Nbf;
                    break;
                default:
                    return true;
            }
        }

        if (value is long or int)
        {
            (long earliest, long latest) = Around(value is long whole ? whole : (int)value);
            if (latest <= Math.Min(exact, wholeSeconds))
            {
                return true;
            }

            if (earliest > Math.Max(exact, wholeSeconds))
            {
                return false;
            }
        }

        // What is no number after all counts as old: nobody can say that it is newer.
        return !PayloadReader.AnyValue(
            token,
            claim,
            static (ReadOnlySpan<char> text, in (long Exact, long WholeSeconds) cutoff) =>
                decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out decimal seconds)
                && ToTicks(seconds) > (decimal.IsInteger(seconds) ? cutoff.WholeSeconds : cutoff.Exact),
            (exact, wholeSeconds));
    }

    /// <summary>
    /// The moments, in UTC ticks, that lie about a time as IdentityModel gives it: it rounds a fraction away, up or down, so
    /// that within a second of a cutoff the token's own JSON has to tell.
    /// </summary>
    public static (long Earliest, long Latest) Around(long seconds)
    {
        seconds = Math.Clamp(seconds, -Never, Never);
        return (ToTicks(seconds - 1), ToTicks(seconds + 1));
    }

    private static long ToTicks(long seconds) => DateTime.UnixEpoch.Ticks + (seconds * TimeSpan.TicksPerSecond);

    private static decimal ToTicks(decimal seconds) =>
        DateTime.UnixEpoch.Ticks + (Math.Clamp(seconds, -Never, Never) * TimeSpan.TicksPerSecond);
}
