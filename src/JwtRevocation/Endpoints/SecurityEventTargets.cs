namespace JwtRevocation;

/// <summary>Finds out what the subject of an event is to a store: what it names, and never more than that.</summary>
/// <param name="issuer">The issuer of the event.</param>
/// <param name="options">What the app says of it.</param>
/// <param name="services">The services of the request.</param>
internal sealed class SecurityEventTargets(string issuer, SecurityEventsOptions options, IServiceProvider services)
{
    private readonly HashSet<RevocationTarget> _targets = [];

    private enum Role
    {
        User,
        Session,

        // Of an event about a session, which an identifier may name by itself or by its user.
        SessionOrUser,
    }

    /// <summary>What was found.</summary>
    public IReadOnlyCollection<RevocationTarget> Found => _targets;

    /// <summary>Whether there was an identifier that the endpoint knows, even if it is nobody's here.</summary>
    public bool IsUnderstood { get; private set; }

    /// <summary>Whether there was one of an issuer for which the transmitter may not speak.</summary>
    public bool IsDenied { get; private set; }

    /// <summary>Finds what is to be revoked for an event.</summary>
    public async Task FindAsync(SecurityEvent securityEvent, SecurityEventSubject subject, CancellationToken cancellationToken)
    {
        bool isAboutSession = securityEvent.Type == SecurityEventTypes.SessionRevoked;
        if (subject.Format != SecurityEventSubject.Complex)
        {
            await AddAsync(subject, isAboutSession ? Role.SessionOrUser : Role.User, cancellationToken).ConfigureAwait(false);
        }
        else if (subject.Members.Any(member => options.CriticalSubjectMembers.Contains(member.Key) && !IsInterpreted(member.Key, member.Value)))
        {
            // The event is to be discarded (OpenID Shared Signals Framework 1.0, section 3.6).
        }
        else if (subject.Members.TryGetValue(SecurityEventSubject.Session, out SecurityEventSubject? session))
        {
            // Its issuer has no other session of this identifier, whatever else the subject consists of.
            await AddAsync(session, Role.Session, cancellationToken).ConfigureAwait(false);
        }
        else if (subject.Members.Count == 1 && subject.Members.TryGetValue(SecurityEventSubject.User, out SecurityEventSubject? user))
        {
            // With a device, tenant or application besides, it would be some tokens of the user, and nobody could tell which.
            await AddAsync(user, Role.User, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task AddAsync(SecurityEventSubject identifier, Role role, CancellationToken cancellationToken)
    {
        foreach (SecurityEventSubject alias in identifier.Aliases)
        {
            await AddAsync(alias, role, cancellationToken).ConfigureAwait(false);
        }

        if (IsOfEmail(identifier, role))
        {
            IsUnderstood = true;
            Add(await options.FindByEmail!(services, identifier.Value!, cancellationToken).ConfigureAwait(false));
        }
        else if (TargetOf(identifier, role) is { } target)
        {
            IsUnderstood = true;
            Add(MaySpeakFor(identifier) ? target : null);
            IsDenied |= !MaySpeakFor(identifier);
        }
    }

    private void Add(RevocationTarget? target)
    {
        if (target is not null)
        {
            _targets.Add(target);
        }
    }

    private RevocationTarget? TargetOf(SecurityEventSubject identifier, Role role) => (identifier.Format, role) switch
    {
        ("opaque", Role.User) => RevocationTarget.Subject(issuer, identifier.Value!),
        ("opaque", _) => RevocationTarget.Session(issuer, identifier.Value!),
        ("iss_sub", Role.Session) => RevocationTarget.Session(identifier.Issuer!, identifier.Value!),
        ("iss_sub", _) => RevocationTarget.Subject(identifier.Issuer!, identifier.Value!),
        ("jwt_id", not Role.User) => RevocationTarget.TokenId(identifier.Issuer!, identifier.Value!),
        _ => null,
    };

    private bool IsOfEmail(SecurityEventSubject identifier, Role role) =>
        identifier.Format == "email" && role != Role.Session && options.FindByEmail is not null;

    private bool MaySpeakFor(SecurityEventSubject identifier) =>
        identifier.Issuer is null || identifier.Issuer == issuer || options.SubjectIssuers.Contains(identifier.Issuer);

    private bool IsInterpreted(string name, SecurityEventSubject member) => name switch
    {
        SecurityEventSubject.User => CanRead(member, Role.User),
        SecurityEventSubject.Session => CanRead(member, Role.Session),
        _ => false,
    };

    private bool CanRead(SecurityEventSubject identifier, Role role) =>
        TargetOf(identifier, role) is not null || IsOfEmail(identifier, role) || identifier.Aliases.Any(alias => CanRead(alias, role));
}
