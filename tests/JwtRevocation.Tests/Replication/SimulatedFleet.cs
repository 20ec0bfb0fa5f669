using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Microsoft.IdentityModel.JsonWebTokens;
using Xunit.Sdk;

namespace JwtRevocation.Tests.Replication;

/// <summary>Some nodes, the log that they share, and what the tests know of every revocation.</summary>
internal sealed class SimulatedFleet : IDisposable
{
    public static readonly TimeSpan MaxStaleness = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(250);
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    // Shared by all fleets: only what is revoked differs.
    private static readonly JsonWebToken[] Tokens =
        [.. Enumerable.Range(0, 200).Select(i => FastToken.Of($$"""{"iss":"https://issuer","sub":"user-{{i}}","iat":1000}"""))];

    private readonly FakeTimeProvider _clock = new(Start) { AutoAdvanceAmount = TimeSpan.Zero };
    private readonly Random _random;
    private readonly Meters _meters = new();
    private readonly Node[] _nodes;
    private readonly List<Fact> _facts = [];

    public SimulatedFleet(int nodes, int seed)
    {
        _random = new(seed);
        Log = new(_clock, new(_random.Next()));
        _nodes = [.. Enumerable.Range(0, nodes).Select(i => Begin(i))];
        Pass(TimeSpan.FromSeconds(2));
    }

    public SimulatedLog Log { get; }

    /// <summary>How long a node may take to know what is in the log.</summary>
    public TimeSpan Bound { get; set; } = MaxStaleness;

    public SimulatedLink Link(int node) => _nodes[node % _nodes.Length].Link;

    /// <summary>The status of the token that the last revocation was of.</summary>
    public RevocationStatus[] StatusOfLast() => [.. _nodes.Select(node => node.Store.StatusOf(Tokens[_facts.Count - 1]))];

    public RevocationStatus[] StatusOfAnotherToken() => [.. _nodes.Select(node => node.Store.StatusOf(Tokens[^1]))];

    public ReplicaState State(int node) => _nodes[node % _nodes.Length].Store.Replica.State;

    public void Revoke(int at, bool subject)
    {
        if (_facts.Count >= Tokens.Length - 1)
        {
            return;
        }

        Node node = _nodes[at % _nodes.Length];
        JsonWebToken token = Tokens[_facts.Count];
        DateTimeOffset now = _clock.GetUtcNow();
        Revocation revocation = new()
        {
            Target = subject ? RevocationTarget.Subject(token.Issuer, token.Subject) : RevocationTarget.Token(token),
            Expires = now + TimeSpan.FromDays(1),
            Cutoff = subject ? now : null,
        };
        Fact fact = new(token, revocation);
        _facts.Add(fact);
        fact.Holders.Add(node);
        Task<RevocationReceipt> task = node.Store.RevokeAsync(revocation, CancellationToken.None).AsTask();
        _ = task.ContinueWith(
            done => fact.IsAcknowledged |= done.IsCompletedSuccessfully, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    /// <summary>A process ends, and another begins in its place with nothing in its memory.</summary>
    public void Restart(int at)
    {
        int index = at % _nodes.Length;
        _nodes[index].End();
        foreach (Fact fact in _facts)
        {
            fact.Holders.Remove(_nodes[index]);
        }

        _nodes[index] = Begin(index);
    }

    /// <summary>Lets time pass, and holds what every node says at each moment against the invariants.</summary>
    public void Pass(TimeSpan time)
    {
        for (TimeSpan passed = TimeSpan.Zero; passed < time; passed += Tick)
        {
            _clock.Advance(Tick);
            foreach (Node node in _nodes)
            {
                node.Clock.Advance(Tick);
            }

            Check();
        }
    }

    public void Heal()
    {
        Log.IsDown = false;
        Log.TakesNoWrites = Log.IsFull = false;
        foreach (Node node in _nodes)
        {
            node.Link.IsCut = node.Link.Hangs = node.Link.LosesReplies = node.Link.IsDeaf = false;
            node.Link.MostDelay = TimeSpan.FromMilliseconds(20);
        }
    }

    /// <summary>C: all nodes answer, agree, and none of what could survive is lost.</summary>
    public void ShouldHaveHealed()
    {
        RevocationTables log = new();
        foreach (EntryContent content in Log.Contents)
        {
            log.Add(EntryFormat.Read(content.Bytes.Span)!, _clock.GetUtcNow());
        }

        foreach (Fact fact in _facts)
        {
            RevocationStatus[] statuses = [.. _nodes.Select(node => node.Store.StatusOf(fact.Token))];
            statuses.Distinct().Should().HaveCount(1, "all nodes agree once the faults are healed");
            statuses[0].Should().NotBe(RevocationStatus.Unknown, "a node that can reach the log can answer");
            RevocableToken.TryCreate(fact.Token, out RevocableToken token).Should().BeTrue();
            log.GetStatus(in token).Should().Be(statuses[0], "the log has what the nodes hold");
            if (fact.MustSurvive)
            {
                statuses[0].Should().Be(RevocationStatus.Revoked, "a revocation survives as long as the log or any node that holds it");
            }
        }
    }

    /// <summary>Notes which revocations somebody still has. From now on nothing more is lost.</summary>
    public void NoteSurvivors()
    {
        foreach (Fact fact in _facts)
        {
            fact.MustSurvive = fact.Holders.Count > 0 || Log.PresentSince(fact.Content) is not null;
        }
    }

    public void Dispose()
    {
        foreach (Node node in _nodes)
        {
            node.End();
        }

        _meters.Dispose();
    }

    private Node Begin(int index)
    {
        // Its own, which stands still when the node has ended: what ends of it then, ends on threads of the pool, and the clock is
        // for one thread at a time.
        FakeTimeProvider clock = new(_clock.GetUtcNow());
        SimulatedLink link = new(Log, clock, $"{index}-{_random.Next()}", new(_random.Next()));
        ReplicaOptions options = new() { PollInterval = TimeSpan.FromSeconds(1), MaxStaleness = MaxStaleness };
        Random jitter = new(_random.Next());

        // Small pages and batches, so that what takes one request of a real log often takes several of this one.
        ReplicatedRevokedTokenStore store = new(
            link, options, _meters, clock,
            (tables, freshness, metrics) => new(
                link, tables, freshness, options, metrics, clock, NullLogger.Instance, jitter, pageSize: jitter.Next(2, 8), batchSize: jitter.Next(1, 4)));
        return new(link, store, clock);
    }

    // S: what has been in the log for longer than the bound, no node accepts; and what a node refused once, it refuses.
    private void Check()
    {
        DateTimeOffset now = _clock.GetUtcNow();
        foreach (Fact fact in _facts)
        {
            bool isOld = Log.PresentSince(fact.Content) is { } since && now - since > Bound + Tick;
            foreach (Node node in _nodes)
            {
                RevocationStatus status = node.Store.StatusOf(fact.Token);
                if (status == RevocationStatus.Revoked)
                {
                    fact.Holders.Add(node);
                }
                else if (fact.Holders.Contains(node))
                {
                    throw new XunitException("A node that had refused a token accepts it, or does not know any more.");
                }
                else if (isOld && status != RevocationStatus.Unknown)
                {
                    throw new XunitException($"A revocation has been in the log for {now - Log.PresentSince(fact.Content)}, and a node that vouches for its memory does not know it.");
                }
            }
        }
    }

    private sealed record Node(SimulatedLink Link, ReplicatedRevokedTokenStore Store, FakeTimeProvider Clock)
    {
        public void End()
        {
            Link.Close();
            _ = Store.DisposeAsync().AsTask();
        }

        public bool Equals(Node? other) => ReferenceEquals(this, other);

        public override int GetHashCode() => System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(this);
    }

    private sealed class Fact(JsonWebToken token, Revocation revocation)
    {
        public JsonWebToken Token { get; } = token;

        /// <summary>The entry as the log has it.</summary>
        public EntryContent Content { get; } = new(EntryFormat.Write(new RevocationTables().Add(EntryFormat.Round(revocation, Start), Start).Added));

        public bool IsAcknowledged { get; set; }

        public bool MustSurvive { get; set; }

        public HashSet<Node> Holders { get; } = [];
    }

    private sealed class Meters : IMeterFactory
    {
        private readonly List<Meter> _meters = [];

        public Meter Create(MeterOptions options)
        {
            Meter meter = new(options);
            _meters.Add(meter);
            return meter;
        }

        public void Dispose() => _meters.ForEach(meter => meter.Dispose());
    }
}
