using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace JwtRevocation;

/// <summary>The logout tokens that this node has carried out, until they expire.</summary>
/// <remarks>
/// It need not be complete, and is not shared with other nodes: to carry out a logout token twice revokes nothing more than to
/// carry it out once. So it is bounded, and holds 16 bytes of a hash for each.
/// </remarks>
internal sealed class BackChannelLogoutReplays(TimeProvider timeProvider)
{
    private const int MostRemembered = 65_536;

    private readonly Lock _lock = new();
    private readonly HashSet<UInt128> _done = [];
    private readonly PriorityQueue<UInt128, DateTimeOffset> _byExpiry = new();

    /// <summary>How many are remembered.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _done.Count;
            }
        }
    }

    public bool Contains(string issuer, string id)
    {
        UInt128 key = Key(issuer, id);
        lock (_lock)
        {
            DropExpired();
            return _done.Contains(key);
        }
    }

    /// <summary>Remembers a logout token. Not before its revocation was stored: until then it must be possible to try again.</summary>
    /// <param name="issuer">Its <c>iss</c>.</param>
    /// <param name="id">Its <c>jti</c>.</param>
    /// <param name="until">When it is refused for its age.</param>
    public void Add(string issuer, string id, DateTimeOffset until)
    {
        UInt128 key = Key(issuer, id);
        lock (_lock)
        {
            DropExpired();
            if (!_done.Add(key))
            {
                return;
            }

            _byExpiry.Enqueue(key, until);
            if (_done.Count > MostRemembered)
            {
                _done.Remove(_byExpiry.Dequeue());
            }
        }
    }

    private void DropExpired()
    {
        DateTimeOffset now = timeProvider.GetUtcNow();
        while (_byExpiry.TryPeek(out UInt128 key, out DateTimeOffset until) && until <= now)
        {
            _byExpiry.Dequeue();
            _done.Remove(key);
        }
    }

    // The length keeps the texts apart, so that no choice of them makes two keys the same.
    private static UInt128 Key(string issuer, string id)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> buffer = stackalloc byte[SHA256.HashSizeInBytes];
        BinaryPrimitives.WriteInt32BigEndian(buffer, issuer.Length);
        hash.AppendData(buffer[..sizeof(int)]);
        hash.AppendData(MemoryMarshal.AsBytes(issuer.AsSpan()));
        hash.AppendData(MemoryMarshal.AsBytes(id.AsSpan()));
        hash.GetHashAndReset(buffer);
        return BinaryPrimitives.ReadUInt128BigEndian(buffer);
    }
}
