namespace JwtRevocation;

/// <summary>The kinds of <see cref="RevocationTarget"/>.</summary>
public enum RevocationTargetKind
{
    /// <summary>One token, known by its signature.</summary>
    Token,

    /// <summary>One token, known by its issuer and its <c>jti</c>.</summary>
    TokenId,

    /// <summary>The tokens of one session: those with an issuer's <c>sid</c>, whenever they were issued.</summary>
    Session,

    /// <summary>The tokens of one subject: those with an issuer's <c>sub</c>, issued up to the cutoff.</summary>
    Subject,

    /// <summary>The tokens of one client: those with an issuer's <c>client_id</c> or <c>azp</c>, issued up to the cutoff.</summary>
    Client,

    /// <summary>The tokens of an issuer with a claim of this value, issued up to the cutoff.</summary>
    Claim,

    /// <summary>All tokens of one issuer, issued up to the cutoff.</summary>
    Issuer,

    /// <summary>All tokens, issued up to the cutoff.</summary>
    Everything,
}
