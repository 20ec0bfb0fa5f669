using Microsoft.Extensions.Time.Testing;

namespace JwtRevocation.Tests.Replication;

/// <summary>One node's way to the log, with everything that may happen on the way.</summary>
internal sealed class SimulatedLink(SimulatedLog server, FakeTimeProvider clock, string node, Random random) : IRevocationLog
{
    private Action<LogEntry>? _hint;

    public bool IsCut { get; set; }

    /// <summary>A connection that is half dead: what is sent gets no answer.</summary>
    public bool Hangs { get; set; }

    public bool LosesReplies { get; set; }

    public bool IsDeaf { get; set; }

    public TimeSpan MostDelay { get; set; } = TimeSpan.FromMilliseconds(20);

    public IReadOnlyCollection<string> Warnings => [];

    public Task<IReadOnlyList<long>> AppendAsync(IReadOnlyList<ReadOnlyMemory<byte>> entries, bool announce, CancellationToken cancellationToken) =>
        CallAsync<IReadOnlyList<long>>(
            () =>
            {
                List<long> positions = [.. entries.Select(entry => server.Append(new(entry)))];
                if (announce)
                {
                    foreach (SimulatedLink link in server.Links.ToArray())
                    {
                        foreach ((ReadOnlyMemory<byte> entry, long position) in entries.Zip(positions))
                        {
                            _ = link.HearAsync(new(position, entry));
                        }
                    }
                }

                return positions;
            },
            Access.Write,
            cancellationToken);

    public Task<LogPage> ReadAsync(long from, int count, CancellationToken cancellationToken) =>
        CallAsync(() => server.Read(from, count), Access.Read, cancellationToken);

    public Task RemoveAsync(IReadOnlyList<ReadOnlyMemory<byte>> entries, CancellationToken cancellationToken) =>
        CallAsync(
            () =>
            {
                foreach (ReadOnlyMemory<byte> entry in entries)
                {
                    server.Trim(new(entry));
                }

                return true;
            },
            Access.MakeRoom,
            cancellationToken);

    public Task InitializeAsync(string epoch, CancellationToken cancellationToken) =>
        CallAsync(
            () =>
            {
                server.Initialize(epoch);
                return true;
            },
            Access.Write,
            cancellationToken);

    public Task<bool> TryLeadRepairAsync(TimeSpan duration, CancellationToken cancellationToken) =>
        CallAsync(() => server.TryLead(node, duration), Access.Write, cancellationToken);

    public void Listen(Action<LogEntry> hint)
    {
        _hint = hint;
        server.Links.Add(this);
    }

    public void Close()
    {
        _hint = null;
        server.Links.Remove(this);
        IsCut = true;
    }

    private async Task<T> CallAsync<T>(Func<T> call, Access access, CancellationToken cancellationToken)
    {
        await DelayAsync(cancellationToken).ConfigureAwait(false);
        if (Hangs)
        {
            await new TaskCompletionSource().Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        }

        if (IsCut || server.IsDown)
        {
            throw new IOException("connection refused");
        }

        if ((server.TakesNoWrites && access != Access.Read) || (server.IsFull && access == Access.Write))
        {
            throw new IOException("OOM");
        }

        T answer = call();
        bool isLost = LosesReplies && random.Next(2) == 0;
        await DelayAsync(cancellationToken).ConfigureAwait(false);
        return isLost || IsCut || Hangs ? throw new IOException("connection reset") : answer;
    }

    private async Task HearAsync(LogEntry entry)
    {
        if (IsDeaf || IsCut)
        {
            return;
        }

        int times = random.Next(10) == 0 ? 2 : 1;
        for (int i = 0; i < times; i++)
        {
            await DelayAsync(CancellationToken.None).ConfigureAwait(false);
            _hint?.Invoke(entry);
        }
    }

    // Not Task.Delay with the token, nor for the hang above: when it is cancelled it goes on on a thread of the pool, for which the
    // simulated clock does not wait. A node whose call was given up then stood still for as long as the pool was busy.
    private Task DelayAsync(CancellationToken cancellationToken) =>
        Task.Delay(MostDelay * random.NextDouble(), clock, CancellationToken.None).WaitAsync(cancellationToken);

    private enum Access
    {
        Read,
        Write,
        MakeRoom,
    }
}
