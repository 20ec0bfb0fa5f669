using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace JwtRevocation;

/// <summary>The open connections, and by what a revocation of their tokens, or of these tokens' actors, may name.</summary>
internal sealed class ConnectionIndex
{
    private readonly ConcurrentDictionary<OpenConnection, bool> _all = new();
    private readonly Lock _lock = new();
    private readonly ByKey<TokenFingerprint> _byFingerprint = new();
    private readonly ByKey<RevocationTarget> _byTarget = new();
    private int _count;

    /// <summary>How many they are.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>All of them. Those that come or go meanwhile may be among them.</summary>
    public IEnumerable<OpenConnection> All => _all.Select(static entry => entry.Key);

    /// <summary>Adds a connection with its first tokens, or further ones to a connection.</summary>
    public void Add(OpenConnection connection, WatchedToken[] tokens)
    {
        lock (_lock)
        {
            if (_all.TryAdd(connection, true))
            {
                Volatile.Write(ref _count, _count + 1);
            }

            SetTokens(connection, [.. connection.Tokens, .. tokens]);
        }
    }

    /// <summary>Puts another token in the place of the one that it goes on from.</summary>
    /// <returns>Whether there is one, and the connection is here still.</returns>
    public bool TryContinue(OpenConnection connection, WatchedToken[] next)
    {
        lock (_lock)
        {
            if (!_all.ContainsKey(connection) || WatchedToken.Continue(connection.Tokens, next) is not { } tokens)
            {
                return false;
            }

            SetTokens(connection, tokens);
            return true;
        }
    }

    public void Remove(OpenConnection connection)
    {
        lock (_lock)
        {
            if (_all.TryRemove(connection, out _))
            {
                Volatile.Write(ref _count, _count - 1);
                RemoveTokens(connection);
            }
        }
    }

    public void CheckSoon(TokenFingerprint fingerprint)
    {
        lock (_lock)
        {
            _byFingerprint.CheckSoon(fingerprint);
        }
    }

    /// <param name="target">A subject, a session or a <c>jti</c>.</param>
    public void CheckSoon(RevocationTarget target)
    {
        lock (_lock)
        {
            _byTarget.CheckSoon(target);

            // Those that nobody can tell by looking them up.
            _byTarget.CheckSoon(RevocationTarget.Everything);
        }
    }

    private void SetTokens(OpenConnection connection, WatchedToken[] tokens)
    {
        RemoveTokens(connection);
        connection.Tokens = tokens;
        foreach (WatchedToken token in WithActors(connection))
        {
            _byFingerprint.Add(token.Token.Fingerprint, connection);
            foreach (RevocationTarget target in token.Targets)
            {
                _byTarget.Add(target, connection);
            }
        }
    }

    private void RemoveTokens(OpenConnection connection)
    {
        foreach (WatchedToken token in WithActors(connection))
        {
            _byFingerprint.Remove(token.Token.Fingerprint, connection);
            foreach (RevocationTarget target in token.Targets)
            {
                _byTarget.Remove(target, connection);
            }
        }
    }

    private static IEnumerable<WatchedToken> WithActors(OpenConnection connection)
    {
        foreach (WatchedToken token in connection.Tokens)
        {
            for (WatchedToken? each = token; each is not null; each = each.Actor)
            {
                yield return each;
            }
        }
    }

    private sealed class ByKey<TKey>
        where TKey : notnull
    {
        private readonly Dictionary<TKey, HashSet<OpenConnection>> _connections = [];

        public void Add(TKey key, OpenConnection connection)
        {
            ref HashSet<OpenConnection>? connections = ref CollectionsMarshal.GetValueRefOrAddDefault(_connections, key, out _);
            connections ??= new(capacity: 1);
            connections.Add(connection);
        }

        public void Remove(TKey key, OpenConnection connection)
        {
            if (_connections.TryGetValue(key, out HashSet<OpenConnection>? connections))
            {
                connections.Remove(connection);
                if (connections.Count == 0)
                {
                    _connections.Remove(key);
                }
            }
        }

        public void CheckSoon(TKey key)
        {
            if (_connections.TryGetValue(key, out HashSet<OpenConnection>? connections))
            {
                foreach (OpenConnection connection in connections)
                {
                    connection.CheckSoon();
                }
            }
        }
    }
}
