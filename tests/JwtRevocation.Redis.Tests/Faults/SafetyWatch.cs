using System.Collections.Concurrent;
using System.Diagnostics;
using JwtRevocation.Tests;
using Xunit.Sdk;

namespace JwtRevocation.Redis.Tests.Faults;

/// <summary>
/// Holds invariant S against every moment of a test: no node accepts a token whose revocation was acknowledged, longer after
/// than its bound.
/// </summary>
/// <remarks>It judges by when a request was sent, so that a slow machine makes no test fail.</remarks>
internal sealed class SafetyWatch : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, long> _acknowledged = new();
    private readonly ConcurrentQueue<Node> _nodes;
    private readonly TimeSpan _bound;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _watching;
    private string? _violation;

    public SafetyWatch(params Node[] nodes)
        : this(Node.MaxStaleness + Node.PollInterval, nodes)
    {
    }

    public SafetyWatch(TimeSpan bound, params Node[] nodes)
    {
        _bound = bound;
        _nodes = new(nodes);
        _watching = WatchAsync();
    }

    /// <summary>The tokens whose revocation was acknowledged.</summary>
    public string[] Tokens => [.. _acknowledged.Keys];

    public void Add(Node node) => _nodes.Enqueue(node);

    /// <summary>Watches a token too, whose revocation was acknowledged just now.</summary>
    public void Acknowledged(string token) => _acknowledged.TryAdd(token, Stopwatch.GetTimestamp());

    /// <summary>Has a node revoke new tokens, each of which it must acknowledge.</summary>
    public async Task<string[]> RevokeAsync(Node node, int count = 1)
    {
        string[] tokens = [.. Enumerable.Range(0, count).Select(_ => TestTokens.Create())];
        foreach (string token in tokens)
        {
            await node.RevokeAsync(token);
            Acknowledged(token);
        }

        return tokens;
    }

    public void AssertHeld()
    {
        if (Volatile.Read(ref _violation) is { } violation)
        {
            throw new XunitException(violation);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _watching;
        _stopping.Dispose();
    }

    private async Task WatchAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            foreach ((string token, long acknowledged) in _acknowledged)
            {
                foreach ((int number, Node node) in _nodes.Index())
                {
                    TimeSpan after = Stopwatch.GetElapsedTime(acknowledged);
                    if (after > _bound && !_stopping.IsCancellationRequested && await node.AcceptsAsync(token))
                    {
                        Interlocked.CompareExchange(ref _violation, $"Node {number} accepted a token {after} after its revocation was acknowledged.", null);
                    }
                }

                await Task.Delay(2, CancellationToken.None);
            }

            await Task.Delay(2, CancellationToken.None);
        }
    }
}
