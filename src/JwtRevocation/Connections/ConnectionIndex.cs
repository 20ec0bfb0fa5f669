using System.Runtime.InteropServices;

namespace JwtRevocation;

/// <summary>Connections by what a revocation of their tokens, or of these tokens' actors, may name. Whoever uses it holds a lock.</summary>
internal sealed class ConnectionIndex
{
    private readonly ByKey<TokenFingerprint> _byFingerprint = new();
    private readonly ByKey<RevocationTarget> _byTarget = new();

    public void Add(OpenConnection connection)
    {
        foreach (WatchedToken token in WithActors(connection))
        {
            _byFingerprint.Add(token.Token.Fingerprint, connection);
            foreach (RevocationTarget target in token.Targets)
            {
                _byTarget.Add(target, connection);
            }
        }
    }

    public void Remove(OpenConnection connection)
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

    public void CheckSoon(TokenFingerprint fingerprint) => _byFingerprint.CheckSoon(fingerprint);

    /// <param name="target">A subject, a session or a <c>jti</c>.</param>
    public void CheckSoon(RevocationTarget target)
    {
        _byTarget.CheckSoon(target);

        // Those that nobody can tell by looking them up.
        _byTarget.CheckSoon(RevocationTarget.Everything);
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
