namespace JwtRevocation;

/// <summary>What the endpoint needs to know of a transmitter of security events.</summary>
public sealed class SecurityEventsOptions
{
    /// <summary>
    /// Who the events are for: one of these must be in the <c>aud</c> of a token. The default is none, which means the
    /// audiences of the scheme.
    /// </summary>
    public ICollection<string> Audiences { get; } = [];

    /// <summary>
    /// Other issuers whose subjects, sessions and tokens the transmitter may name. The default is none: it may name its own
    /// only.
    /// </summary>
    public ICollection<string> SubjectIssuers { get; } = [];

    /// <summary>
    /// The members of a complex subject that must not be passed over, as the transmitter's metadata list them
    /// (<c>critical_subject_members</c>). The default is none. An event whose subject has one that is not understood is
    /// discarded.
    /// </summary>
    public ICollection<string> CriticalSubjectMembers { get; } = [];

    /// <summary>
    /// Says what to revoke when a subject is named by an email address: <c>RevocationTarget.Subject(issuer, id)</c>, as a
    /// rule, or <see langword="null"/> if nobody here has it. It gets the services of the request, the address as it was
    /// sent, and a token that is cancelled when the transmitter hangs up. If it throws, the transmitter is asked to send the
    /// event again. The default is <see langword="null"/>: then such subjects are not understood.
    /// </summary>
    public Func<IServiceProvider, string, CancellationToken, ValueTask<RevocationTarget?>>? FindByEmail { get; set; }

    /// <summary>
    /// Whether the app has asked for a verification event (OpenID Shared Signals Framework 1.0, section 8.1.4) of this stream
    /// and with this state, which is <see langword="null"/> if the transmitter sends one of its own accord. It gets the
    /// services of the request, the identifier of the stream, and the state. The default is <see langword="null"/>: then
    /// every one of them is acknowledged.
    /// </summary>
    public Func<IServiceProvider, string, string?, CancellationToken, ValueTask<bool>>? ConfirmVerification { get; set; }
}
