using System.Globalization;
using CsCheck;
using Microsoft.Extensions.Time.Testing;
using Microsoft.IdentityModel.Tokens;

namespace JwtRevocation.Tests.Groups;

/// <summary>
/// Random histories of one store, held against a model that keeps every token and every revocation and knows nothing of
/// registers, tables or sweeps.
/// </summary>
/// <remarks>CsCheck_Iter=100000 in the environment makes it that many histories.</remarks>
public sealed class GroupModelTests
{
    private const string IssuerA = "https://a.test";
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan KeptFor = TimeSpan.FromHours(1);

    private static readonly Gen<string> AnyIssuer = Gen.OneOf(IssuerA, IssuerA, "https://b.test", "");
    private static readonly Gen<string> AnyValue = Gen.OneOf("1", "2", "");
    private static readonly Gen<string?> MaybeValue = Gen.OneOf(Gen.Const((string?)null), AnyValue.Select(value => (string?)value));

    private static readonly Gen<Step> Issue = Gen.Select(
        AnyIssuer, MaybeValue, MaybeValue, MaybeValue, Gen.OneOf("none", "text", "number", "array"), Gen.OneOf("whole", "whole", "fraction", "fraction", "accepted", "none"), Gen.Int[-1, 2],
        (issuer, subject, session, client, tenant, time, authenticated) => (Step)new IssueStep(issuer, subject, session, client, tenant, time, authenticated));

    private static readonly Gen<Step> Revoke = Gen.Select(
        Gen.OneOf(
            RevocationTargetKind.Token, RevocationTargetKind.TokenId, RevocationTargetKind.Session, RevocationTargetKind.Subject, RevocationTargetKind.Subject,
            RevocationTargetKind.Client, RevocationTargetKind.Claim, RevocationTargetKind.Issuer, RevocationTargetKind.Everything),
        AnyIssuer, AnyValue, Gen.OneOf("nothing", "nothing", "session", "token"), Gen.Int[0, 30], Gen.OneOf(false, false, true), Gen.OneOf(0, 0, 0, 500, 90_000), Gen.Bool,
        (kind, issuer, value, except, which, byAuthenticationTime, ago, signs) => (Step)new RevokeStep(kind, issuer, value, except, which, byAuthenticationTime, ago, signs));

    private static readonly Gen<Step> Wait = Gen.OneOf(0, 1, 300, 700, 1_000, 2_500, 60_000, 1_900_000).Select(milliseconds => (Step)new WaitStep(milliseconds));

    private static readonly Gen<Step[]> History = Gen.Frequency((4, Issue), (3, Revoke), (2, Wait)).Array[5, 40];

    [Fact]
    public void The_store_decides_as_the_model_and_so_does_one_that_gets_its_revocations_in_any_order_and_twice() =>
        Gen.Select(History, Gen.Int).Sample(
            (steps, seed) =>
            {
                FakeTimeProvider clock = new(Start);
                using InMemoryRevokedTokenStore store = new(clock);
                Model model = new(clock, store);
                foreach (Step step in steps)
                {
                    model.Take(step);
                    model.ShouldAgreeWith(store);
                }

                using InMemoryRevokedTokenStore other = new(clock);
                Revocation[] revocations = [.. store.GetRevocationsAsync().ToBlockingEnumerable()];
                Revocation[] merged = [.. revocations, .. revocations];
                new Random(seed).Shuffle(merged);
                foreach (Revocation revocation in merged)
                {
                    other.Revoke(revocation);
                }

                foreach (IssuedToken token in model.Tokens)
                {
                    RevocationStatus status = store.StatusOf(token.Security);
                    if (status != RevocationStatus.TooOld)
                    {
                        other.StatusOf(token.Security).Should().Be(status);
                    }
                }
            },
            iter: Math.Max(2_000, Check.Iter));

    private abstract record Step;

    private sealed record IssueStep(string Issuer, string? Subject, string? Session, string? Client, string Tenant, string Time, int Authenticated) : Step;

    private sealed record RevokeStep(
        RevocationTargetKind Kind, string Issuer, string Value, string Except, int Which, bool ByAuthenticationTime, int Ago, bool Signs) : Step;

    private sealed record WaitStep(int Milliseconds) : Step;

    /// <summary>Times are ticks.</summary>
    private sealed record IssuedToken(IssueStep Claims, string Id, long? IssuedAt, long? AuthenticatedAt, SecurityToken Security)
    {
        public bool Is(RevocationTarget target) => target.Kind switch
        {
            RevocationTargetKind.Token => target.Equals(RevocationTarget.Token(Security)),
            RevocationTargetKind.Everything => true,
            _ when target.Issuer != Claims.Issuer => false,
            RevocationTargetKind.Issuer => true,
            RevocationTargetKind.TokenId => target.Value == Id,
            RevocationTargetKind.Session => target.Value == Claims.Session,
            RevocationTargetKind.Subject => target.Value == Claims.Subject,
            RevocationTargetKind.Client => target.Value == Claims.Client,
            RevocationTargetKind.Claim => Claims.Tenant switch
            {
                "text" or "number" => target.Value == "1",
                "array" => target.Value is "1" or "2",
                _ => false,
            },
            _ => false,
        };

        public long? Time(bool byAuthenticationTime) => byAuthenticationTime ? AuthenticatedAt ?? IssuedAt : IssuedAt;
    }

    /// <summary>A revocation as it was made, and the whole seconds that its receipt left open.</summary>
    private sealed record Fact(RevocationTarget Target, RevocationTarget? Except, bool ByAuthenticationTime, long Cutoff, long? AcceptedFrom, long Expires)
    {
        public bool Revokes(IssuedToken token)
        {
            if (!token.Is(Target) || (Except is not null && token.Is(Except)))
            {
                return false;
            }

            return AcceptedFrom is null
                || token.Time(ByAuthenticationTime) is not { } time
                || (time % TimeSpan.TicksPerSecond == 0 ? time < AcceptedFrom : time <= Cutoff);
        }
    }

    private sealed class Model(FakeTimeProvider clock, InMemoryRevokedTokenStore store)
    {
        private readonly List<Fact> _facts = [];
        private readonly Dictionary<(string Issuer, string? Subject), long> _acceptedFrom = [];

        public List<IssuedToken> Tokens { get; } = [];

        private long Now => clock.GetUtcNow().UtcTicks;

        public void Take(Step step)
        {
            switch (step)
            {
                case IssueStep issue:
                    Add(issue);
                    break;
                case RevokeStep revoke:
                    Add(revoke);
                    break;
                case WaitStep wait:
                    clock.Advance(TimeSpan.FromMilliseconds(wait.Milliseconds));
                    break;
            }
        }

        public void ShouldAgreeWith(InMemoryRevokedTokenStore subject)
        {
            // What has lapsed may have been dropped. Then its tokens are too old, and so may be others of that time.
            Fact[] lapsed = [.. _facts.Where(fact => fact.Expires < Now)];
            foreach (IssuedToken token in Tokens)
            {
                Fact[] revoking = [.. _facts.Where(fact => fact.Revokes(token))];
                RevocationStatus status = subject.StatusOf(token.Security);
                if (revoking.Any(fact => fact.Expires >= Now))
                {
                    status.Should().Be(RevocationStatus.Revoked, "{0} is revoked", token);
                }
                else if (revoking.Any(fact => fact.Target.HasCutoffForTest()))
                {
                    status.Should().BeOneOf(RevocationStatus.Revoked, RevocationStatus.TooOld);
                }
                else if (revoking.Length == 0 && !lapsed.Any(fact => (token.Time(fact.ByAuthenticationTime) ?? 0) <= Math.Max(fact.Cutoff, fact.AcceptedFrom ?? 0)))
                {
                    status.Should().Be(RevocationStatus.NotRevoked, "{0} is not revoked", token);
                }
            }
        }

        private void Add(IssueStep issue)
        {
            long second = Now - (Now % TimeSpan.TicksPerSecond);
            long? issuedAt = issue.Time switch
            {
                "whole" => second,
                // Never a whole second by chance, and never the very tick of a revocation before it.
                "fraction" => Now + 1 + (Now % TimeSpan.TicksPerSecond == TimeSpan.TicksPerSecond - 1 ? 1 : 0),
                "accepted" => Math.Max(second, _acceptedFrom.GetValueOrDefault((issue.Issuer, issue.Subject))),
                _ => null,
            };
            clock.Advance(TimeSpan.FromTicks(2));
            long? authenticatedAt = issue.Authenticated < 0 ? null : second - (issue.Authenticated * 10 * TimeSpan.TicksPerSecond);
            string id = Guid.NewGuid().ToString("N");
            string[] claims =
            [
                Text("jti", id)!,
                .. new[]
                {
                    issue.Issuer.Length == 0 ? null : Text("iss", issue.Issuer), Text("sub", issue.Subject), Text("sid", issue.Session), Text("azp", issue.Client),
                    issue.Tenant switch { "text" => "\"tenant\":\"1\"", "number" => "\"tenant\":1", "array" => "\"tenant\":[{},null,\"2\",1]", _ => null },
                    Time("iat", issuedAt), Time("auth_time", authenticatedAt),
                }.OfType<string>(),
            ];
            Tokens.Add(new(issue, id, issuedAt, authenticatedAt, FastToken.Of($"{{{string.Join(',', claims)}}}")));

            static string? Text(string name, string? value) => value is null ? null : $"\"{name}\":\"{value}\"";

            static string? Time(string name, long? ticks) => ticks is null
                ? null
                : $"\"{name}\":{((ticks.Value - DateTime.UnixEpoch.Ticks) / (decimal)TimeSpan.TicksPerSecond).ToString(CultureInfo.InvariantCulture)}";
        }

        private void Add(RevokeStep revoke)
        {
            IssuedToken? chosen = Tokens.Count == 0 ? null : Tokens[revoke.Which % Tokens.Count];
            RevocationTarget? target = revoke.Kind switch
            {
                RevocationTargetKind.Token => chosen is null ? null : RevocationTarget.Token(chosen.Security),
                RevocationTargetKind.TokenId => chosen is null ? null : RevocationTarget.TokenId(revoke.Issuer, chosen.Id),
                RevocationTargetKind.Session => RevocationTarget.Session(revoke.Issuer, revoke.Value),
                RevocationTargetKind.Subject => RevocationTarget.Subject(revoke.Issuer, revoke.Value),
                RevocationTargetKind.Client => RevocationTarget.Client(revoke.Issuer, revoke.Value),
                RevocationTargetKind.Claim => RevocationTarget.Claim(revoke.Issuer, "tenant", revoke.Value),
                RevocationTargetKind.Issuer => RevocationTarget.IssuedBy(revoke.Issuer),
                _ => RevocationTarget.Everything,
            };
            if (target is null)
            {
                return;
            }

            bool hasCutoff = target.HasCutoffForTest();
            RevocationTarget? except = !hasCutoff ? null : revoke.Except switch
            {
                "session" => RevocationTarget.Session(revoke.Issuer, "1"),
                "token" when chosen is not null => RevocationTarget.Token(chosen.Security),
                _ => null,
            };
            DateTimeOffset? cutoff = hasCutoff && revoke.Ago > 0 ? clock.GetUtcNow() - TimeSpan.FromMilliseconds(revoke.Ago) : null;
            DateTimeOffset expires = (cutoff ?? clock.GetUtcNow()) + KeptFor;
            IssuedToken[] before = [.. Tokens.Where(token => token.Is(target) && (except is null || !token.Is(except)))];

            RevocationReceipt receipt = store.Revoke(new()
            {
                Target = target,
                Expires = expires,
                Cutoff = cutoff,
                Except = except,
                ByAuthenticationTime = hasCutoff && revoke.ByAuthenticationTime,
                SignsNewToken = hasCutoff && revoke.Signs,
            });
            (receipt.AcceptedFrom is not null).Should().Be(hasCutoff && revoke.Signs);
            long moment = (cutoff ?? clock.GetUtcNow()).UtcTicks;
            long next = moment - (moment % TimeSpan.TicksPerSecond) + TimeSpan.TicksPerSecond;
            long acceptedFrom = !hasCutoff ? 0 : store.GetRevocationsAsync().ToBlockingEnumerable()
                .Where(listed => listed.Target.Equals(target) && listed.ByAuthenticationTime == revoke.ByAuthenticationTime)
                .Max(listed => listed.AcceptedFrom!.Value.UtcTicks);
            bool isOfThisSecond = next > clock.GetUtcNow().UtcTicks;
            _facts.Add(new(
                target, except, hasCutoff && revoke.ByAuthenticationTime, moment, !hasCutoff ? null : isOfThisSecond ? acceptedFrom : next, expires.UtcTicks));
            if (hasCutoff && cutoff is null)
            {
                acceptedFrom.Should().BeGreaterThanOrEqualTo(next);
                if (!revoke.ByAuthenticationTime)
                {
                    // Whatever was issued before is revoked, were it with a time that a receipt has put ahead.
                    before.Should().NotContain(token => store.StatusOf(token.Security) == RevocationStatus.NotRevoked);
                }

                if (receipt.AcceptedFrom is { } promised)
                {
                    foreach (IssueStep like in Tokens.Where(token => token.Is(target)).Select(token => token.Claims).DistinctBy(claims => (claims.Issuer, claims.Subject)).ToArray())
                    {
                        _acceptedFrom[(like.Issuer, like.Subject)] = promised.UtcTicks;

                        // A new token with that time passes at once, but for what is revoked whenever it was issued.
                        Add(like with { Time = "accepted", Authenticated = -1 });
                        IssuedToken fresh = Tokens[^1];
                        if (!_facts.Any(fact => fact.AcceptedFrom is null && fact.Revokes(fresh)))
                        {
                            store.StatusOf(fresh.Security).Should().Be(RevocationStatus.NotRevoked, "{0} is allowed", fresh);
                        }
                    }
                }
            }

            clock.Advance(TimeSpan.FromTicks(1));
        }
    }
}

internal static class RevocationTargetExtensions
{
    /// <summary>By the documentation: of these kinds only, a cutoff counts.</summary>
    public static bool HasCutoffForTest(this RevocationTarget target) => target.Kind
        is RevocationTargetKind.Subject or RevocationTargetKind.Client or RevocationTargetKind.Claim or RevocationTargetKind.Issuer or RevocationTargetKind.Everything;
}
