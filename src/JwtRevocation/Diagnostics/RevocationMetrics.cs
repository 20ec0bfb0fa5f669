using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;

namespace JwtRevocation;

/// <summary>The library's instruments. They cost next to nothing while nobody listens.</summary>
internal sealed class RevocationMetrics
{
    // Made once, so that counting a check allocates nothing.
    private static readonly KeyValuePair<string, object?> NotRevoked = new("outcome", "not_revoked");
    private static readonly KeyValuePair<string, object?> IsRevoked = new("outcome", "revoked");
    private static readonly KeyValuePair<string, object?> Unknown = new("outcome", "unknown");
    private static readonly KeyValuePair<string, object?> TooOld = new("outcome", "too_old");
    private static readonly KeyValuePair<string, object?> Stored = new("outcome", "stored");
    private static readonly KeyValuePair<string, object?> Failed = new("outcome", "failed");

    private readonly Counter<long> _checks;
    private readonly Counter<long> _revocations;
    private readonly Counter<long> _securityEvents;
    private readonly Counter<long> _logoutRequests;
    private readonly Counter<long> _revocationRequests;

    public RevocationMetrics(IMeterFactory meterFactory, IRevokedTokenStore store)
    {
        Meter meter = meterFactory.Create(JwtRevocationDefaults.MeterName);
        _checks = meter.CreateCounter<long>("jwt_revocation.checks", "{check}", "Tokens about which the store was asked, by outcome.");
        _revocations = meter.CreateCounter<long>("jwt_revocation.revocations", "{revocation}", "Revocations, by outcome and kind of target.");
        _securityEvents = meter.CreateCounter<long>("jwt_revocation.security_events", "{token}", "Security event tokens received (RFC 8935), by outcome.");
        _logoutRequests = meter.CreateCounter<long>("jwt_revocation.logout_requests", "{request}", "Back-channel logout requests, by outcome.");
        _revocationRequests = meter.CreateCounter<long>("jwt_revocation.revocation_requests", "{request}", "Token revocation requests (RFC 7009), by outcome.");
        if (store is ICountedStore counted)
        {
            meter.CreateObservableUpDownCounter("jwt_revocation.entries", () => counted.Count, "{entry}", "Revocations held in memory.");
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Checked(RevocationStatus status)
    {
        if (_checks.Enabled)
        {
            _checks.Add(1, status switch
            {
                RevocationStatus.NotRevoked => NotRevoked,
                RevocationStatus.Revoked => IsRevoked,
                RevocationStatus.TooOld => TooOld,
                _ => Unknown,
            });
        }
    }

    public void Revoked(RevocationTargetKind kind) => _revocations.Add(1, Stored, Tag(kind));

    public void RevocationFailed(RevocationTargetKind kind) => _revocations.Add(1, Failed, Tag(kind));

    public void SecurityEventReceived(string outcome) => _securityEvents.Add(1, new KeyValuePair<string, object?>("outcome", outcome));

    public void LogoutRequest(string outcome) => _logoutRequests.Add(1, new KeyValuePair<string, object?>("outcome", outcome));

    public void RevocationRequested(string outcome) => _revocationRequests.Add(1, new KeyValuePair<string, object?>("outcome", outcome));

    private static KeyValuePair<string, object?> Tag(RevocationTargetKind kind) => new("target", kind.ToString());
}
