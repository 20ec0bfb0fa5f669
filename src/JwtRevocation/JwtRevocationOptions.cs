using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.IdentityModel.Tokens;

namespace JwtRevocation;

/// <summary>Options of <c>AddJwtRevocation()</c>. Wrong ones stop the app at its start.</summary>
public sealed class JwtRevocationOptions
{
    /// <summary>
    /// The names of the JwtBearer schemes whose tokens are checked. Empty, the default, means all of them. Each must be
    /// registered with <see cref="JwtBearerHandler"/>.
    /// </summary>
    public ICollection<string> Schemes { get; } = [];

    /// <summary>
    /// What becomes of a request while the store cannot say whether its token was revoked. The default is
    /// <see cref="WhenUnavailable.Reject"/>.
    /// </summary>
    public WhenUnavailable WhenUnavailable { get; set; }

    /// <summary>
    /// How much longer a revocation is kept than the token can be valid, which is until its <c>exp</c> plus the largest
    /// <see cref="TokenValidationParameters.ClockSkew"/>. It covers a clock that is set back. The default is 5 minutes;
    /// it must not be negative.
    /// </summary>
    public TimeSpan RetentionMargin { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// The longest time that a token of yours can be valid. A revocation of a group of tokens is kept for it, and one that
    /// tokens are meant by which are issued later (of a session, or by <c>auth_time</c>) for twice as long. Of its issuer, a token that is older than a revocation which was dropped then is refused, because nobody can tell any more whether
    /// it was revoked. The default is 366 days; it must be positive.
    /// </summary>
    public TimeSpan MaxTokenLifetime { get; set; } = TimeSpan.FromDays(366);

    internal bool Covers(string scheme) => Schemes.Count == 0 || Schemes.Contains(scheme);
}
