using System.Diagnostics;

namespace JwtRevocation.Benchmarks.Api.Within;

/// <summary>How many requests the API completes in a second, by the path of the turn that the load is in.</summary>
/// <remarks>
/// A turn is held against the next: the machine's moods last longer than a turn. Where two turns meet, requests of both are under
/// way; only runs of requests that complete one after the other by the same path count.
/// </remarks>
internal sealed class WithinTurns
{
    /// <summary>So many requests go by one path before the next one.</summary>
    public const int Turn = 256;

    /// <summary>A run that is shorter lies where two turns meet.</summary>
    private const int ShortestRun = Turn / 4;

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

    /// <summary>The requests in a second by one path, divided by those by others.</summary>
    /// <remarks>
    /// Of pairs of runs that follow each other, one of either kind: of two alike, either is as often the slower one, so that what is trimmed
    /// on both sides shifts nothing. Held against the mean of several, whose slow ones count in full, a single run came out too fast.
    /// </remarks>
    public double Ratio(int path, params int[] others)
    {
        List<double> logs = [];
        lock (_completing)
        {
            for (int i = 1; i < _runs.Count; i++)
            {
                ((int Path, double LogTime) before, (int Path, double LogTime) after) = (_runs[i - 1], _runs[i]);
                if (after.Path == path && others.Contains(before.Path))
                {
                    logs.Add(before.LogTime - after.LogTime);
                }
                else if (before.Path == path && others.Contains(after.Path))
                {
                    logs.Add(after.LogTime - before.LogTime);
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
