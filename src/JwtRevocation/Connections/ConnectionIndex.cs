using System.Runtime.InteropServices;

namespace JwtRevocation;

/// <summary>Connections by what a revocation may name. Whoever uses it holds a lock.</summary>
internal sealed class ConnectionIndex<TKey>
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
