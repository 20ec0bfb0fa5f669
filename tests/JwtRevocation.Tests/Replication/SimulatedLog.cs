using Microsoft.Extensions.Time.Testing;

namespace JwtRevocation.Tests.Replication;

/// <summary>What all nodes share: the log as its server has it, with everything that may happen to a server.</summary>
internal sealed class SimulatedLog(FakeTimeProvider clock, Random random)
{
    private readonly SortedList<long, EntryContent> _entries = [];
    private readonly Dictionary<EntryContent, (long Position, DateTimeOffset Since)> _positions = [];
    private (Dictionary<long, EntryContent> Entries, string? Epoch)? _copy;
    private string? _leader;
    private DateTimeOffset _leadUntil;

    public string? Epoch { get; private set; } = "first";

    public bool IsDown { get; set; }

    public bool TakesNoWrites { get; set; }

    /// <summary>Out of memory: takes nothing but what makes room, until there is some.</summary>
    public bool IsFull { get; set; }

    public List<SimulatedLink> Links { get; } = [];

    public int Count => _entries.Count;

    public int Appended { get; private set; }

    /// <summary>How often somebody has begun to read from the first position.</summary>
    public int WholeReads { get; private set; }

    /// <summary>Since when an entry has been there without a break.</summary>
    public DateTimeOffset? PresentSince(EntryContent content) =>
        _positions.TryGetValue(content, out (long Position, DateTimeOffset Since) found) ? found.Since : null;

    public IEnumerable<EntryContent> Contents => _entries.Values;

    public long Append(EntryContent content)
    {
        if (!_positions.TryGetValue(content, out (long Position, DateTimeOffset Since) held))
        {
            held = ((_entries.Count == 0 ? 0 : _entries.Keys[^1]) + random.Next(1, 4096), clock.GetUtcNow());
            _positions.Add(content, held);
            _entries.Add(held.Position, content);
            Appended++;
        }

        return held.Position;
    }

    public LogPage Read(long from, int count)
    {
        WholeReads += from == 0 ? 1 : 0;
        return new(Epoch, [.. _entries.Where(entry => entry.Key >= from).Take(count).Select(entry => new LogEntry(entry.Key, entry.Value.Bytes))]);
    }

    public void Remove(EntryContent content)
    {
        if (_positions.Remove(content, out (long Position, DateTimeOffset Since) held))
        {
            _entries.Remove(held.Position);
        }
    }

    /// <summary>Removes an entry, unless the positions go on after it.</summary>
    public void Trim(EntryContent content)
    {
        if (_positions.ContainsKey(content) && !_entries.Values[^1].Equals(content))
        {
            Remove(content);
            IsFull = false;
        }
    }

    /// <summary>Entries that lapsed two hours ago, of tokens of which the tests know nothing.</summary>
    public void AppendLapsed(int count)
    {
        for (int i = 0; i < count; i++)
        {
            UInt128 fingerprint = new((ulong)random.NextInt64(), (ulong)random.NextInt64());
            Append(new(EntryFormat.Write(new() { Target = RevocationTarget.OfStored(new(fingerprint)), Expires = clock.GetUtcNow().AddHours(-2) })));
        }
    }

    /// <summary>What has lapsed more than an hour ago, but for the last entry.</summary>
    public IEnumerable<EntryContent> LongLapsed =>
        _entries.Values.SkipLast(1).Where(content => EntryFormat.Read(content.Bytes.Span)!.Expires < clock.GetUtcNow().AddHours(-1));

    public void Initialize(string epoch) => Epoch ??= epoch;

    public bool TryLead(string node, TimeSpan duration)
    {
        DateTimeOffset now = clock.GetUtcNow();
        if (_leader != node && now < _leadUntil)
        {
            return false;
        }

        (_leader, _leadUntil) = (node, now + duration);
        return true;
    }

    /// <summary>A replica catches up, or a snapshot is written.</summary>
    public void Copy() => _copy = (new(_entries), Epoch);

    /// <summary>A failover to that replica, or a restart from that snapshot: what came after it is gone, and its positions are used again.</summary>
    public void GoBack()
    {
        (Dictionary<long, EntryContent> entries, string? epoch) = _copy ?? ([], null);
        Lose(entries, epoch);
    }

    /// <summary>FLUSHALL, or a restart without persistence.</summary>
    public void LoseAll() => Lose([], epoch: null);

    /// <summary>The set is evicted, and the epoch stays.</summary>
    public void LoseEntries() => Lose([], Epoch);

    /// <summary>Somebody removes single entries.</summary>
    public void LoseSome(int every)
    {
        foreach (EntryContent content in _entries.Values.Where((_, i) => i % every == 0).ToArray())
        {
            Remove(content);
        }
    }

    private void Lose(Dictionary<long, EntryContent> left, string? epoch)
    {
        Dictionary<EntryContent, DateTimeOffset> since = _positions.ToDictionary(held => held.Key, held => held.Value.Since);
        _entries.Clear();
        _positions.Clear();
        Epoch = epoch;
        _leader = null;
        _leadUntil = default;
        foreach ((long position, EntryContent content) in left)
        {
            _entries.Add(position, content);
            _positions.Add(content, (position, since.GetValueOrDefault(content, clock.GetUtcNow())));
        }
    }
}
