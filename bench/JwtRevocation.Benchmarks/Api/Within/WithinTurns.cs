using System.Diagnostics;

namespace JwtRevocation.Benchmarks.Api.Within;

/// <summary>How many requests the API completes in a second, by the path of the turn that the load is in.</summary>
/// <remarks>
/// A turn is held against those about it: the machine's moods last longer than a turn. Where two turns meet, requests of both are under
/// way; only runs of requests that complete one after the other by the same path count.
/// </remarks>
internal sealed class WithinTurns
{
    /// <summary>A run that is shorter lies where two turns meet.</summary>
    private const int ShortestRun = Wrk.Turn / 4;

    private const int Neighbours = 4;
    private const double Trimmed = 0.2;

    private readonly Lock _completing = new();
    private readonly List<(int Path, double LogTime)> _runs = [];
    private int _path;
    private int _count;
    private long _first;
    private long _last;

    /// <summary>Notes that a request is complete.</summary>
    /// <param name="path">The place of its path in <see cref="WithinServer.Paths"/>.</param>
    public void Complete(int path)
    {
        lock (_completing)
        {
            long now = Stopwatch.GetTimestamp();
            if (path != _path)
            {
                EndRun();
                (_path, _count, _first) = (path, 0, now);
            }

            _count++;
            _last = now;
        }
    }

    public void Restart()
    {
        lock (_completing)
        {
            _runs.Clear();
            (_path, _count) = (-1, 0);
        }
    }

    /// <summary>The requests in a second by one path, divided by those by others: a geometric mean, which noise does not shift.</summary>
    public double Ratio(int path, params int[] others)
    {
        List<double> logs = [];
        lock (_completing)
        {
            for (int i = Neighbours; i < _runs.Count - Neighbours; i++)
            {
                double[] about = [.. _runs[(i - Neighbours)..(i + Neighbours + 1)].Where(run => others.Contains(run.Path)).Select(static run => run.LogTime)];
                if (_runs[i].Path == path && about.Length > 0)
                {
                    logs.Add(about.Average() - _runs[i].LogTime);
                }
            }
        }

        logs.Sort();
        int trimmed = (int)(logs.Count * Trimmed);
        return Math.Exp(logs[trimmed..^trimmed].Average());
    }

    private void EndRun()
    {
        if (_count >= ShortestRun)
        {
            _runs.Add((_path, Math.Log(Stopwatch.GetElapsedTime(_first, _last).TotalSeconds / (_count - 1))));
        }
    }
}
