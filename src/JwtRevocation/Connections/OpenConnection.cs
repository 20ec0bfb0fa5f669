using Microsoft.AspNetCore.Http;

namespace JwtRevocation;

/// <summary>A request that stays open, and the tokens that it was authenticated by. Disposed of when the request ends.</summary>
internal sealed class OpenConnection(HttpContext context, OpenConnections connections) : IThreadPoolWorkItem, IDisposable
{
    private readonly CancellationTokenSource _revoked = new();
    private readonly Lock _ending = new();
    private WatchedToken[] _tokens = [];
    private ValidatedToken[] _known = [];
    private int _aborting;
    private int _abortingAtExpiration;
    private volatile bool _hasEnded;
    private volatile bool _isOver;
    private int _isQueued;

    /// <summary>Cancelled when one of the tokens is revoked.</summary>
    public CancellationToken Revoked => _revoked.Token;

    /// <summary>Whether it was disposed of. The request may go on all the same: with the page for its error, say.</summary>
    public bool IsOver => _isOver;

    /// <summary>Whether it is to be left alone from now on: it was ended, or its request is over.</summary>
    public bool HasEnded => _hasEnded;

    /// <summary>The tokens of the request that it has been given.</summary>
    public ValidatedToken[] Known => Volatile.Read(ref _known);

    /// <summary>Those that keep it open.</summary>
    public WatchedToken[] Tokens
    {
        get => Volatile.Read(ref _tokens);
        set => Volatile.Write(ref _tokens, value);
    }

    /// <summary>From now on, ends the request itself, whatever its endpoint does about it. Of endpoints that run each other, each asks.</summary>
    /// <param name="orExpiration">Whether that goes for a token that has expired, too.</param>
    public void BeginAborting(bool orExpiration) => Count(1, orExpiration);

    /// <summary>Takes one such request back.</summary>
    public void EndAborting(bool orExpiration) => Count(-1, orExpiration);

    /// <summary>Gives it tokens of the request, unless it has been given them, or they have given way to others, meanwhile.</summary>
    /// <param name="request">The request, or a part of it with a context of its own.</param>
    /// <param name="tokens">The tokens, with what is watched of them.</param>
    public void TakeIn(HttpContext request, IReadOnlyCollection<(ValidatedToken Accepted, WatchedToken Watched)> tokens)
    {
        // Under the lock of those who put others in their place: what they take away must not be given anew.
        lock (_ending)
        {
            if (_hasEnded)
            {
                return;
            }

            ValidatedToken[] unknown = [.. ValidatedToken.AcceptedIn(request).Except(_known)];
            (ValidatedToken Accepted, WatchedToken Watched)[] added = [.. tokens.Where(token => unknown.Contains(token.Accepted))];
            connections.Add(this, [.. added.Select(static token => token.Watched)]);
            Volatile.Write(ref _known, [.. _known, .. added.Select(static token => token.Accepted)]);
        }
    }

    /// <summary>Has whoever asks the request for its tokens find those that keep it open now: to sign out, say.</summary>
    public void PutTokensIntoRequest()
    {
        // Under the lock, because a server uses the context for somebody else's request once this one is over, and so that of
        // two who do it the last one writes what is there last.
        lock (_ending)
        {
            if (!_hasEnded)
            {
                Volatile.Write(
                    ref _known,
                    ValidatedToken.Replace(context, _known, Tokens.Select(static watched => (watched.Scheme, watched.Token.SecurityToken))));
            }
        }
    }

    /// <summary>Ends it, on another thread, if it has to: what an app does then must not hold up anybody else.</summary>
    public void CheckSoon()
    {
        if (Interlocked.Exchange(ref _isQueued, 1) == 0)
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    public bool HasExpired(DateTimeOffset now) => Volatile.Read(ref _abortingAtExpiration) > 0 && Array.Exists(Tokens, token => token.AcceptedUntil <= now);

    /// <summary>Ends it if it has to.</summary>
    public void Check()
    {
        if (!HasEnded && connections.WhyToEnd(this) is { } reason && TryEnd())
        {
            connections.Remove(this);
            try
            {
                _revoked.Cancel();
            }
            catch (AggregateException exception)
            {
                connections.HasThrown(exception);
            }

            connections.HasBeenEnded(reason);
        }
    }

    void IThreadPoolWorkItem.Execute()
    {
        // Before it looks: whatever is revoked from here on asks for another look.
        Volatile.Write(ref _isQueued, 0);
        try
        {
            Check();
        }
        catch (Exception)
        {
            // Of a logger or a listener to metrics. On this thread it would end the process.
        }
    }

    public void Dispose()
    {
        _isOver = true;
        lock (_ending)
        {
            if (!_hasEnded)
            {
                _hasEnded = true;
                _revoked.Dispose();
            }
        }

        // Nothing is added any more.
        connections.Remove(this);
    }

    private void Count(int one, bool orExpiration)
    {
        // Under the lock: whoever ends it sees this, or is seen to have ended it.
        lock (_ending)
        {
            _aborting += one;
            if (orExpiration)
            {
                Volatile.Write(ref _abortingAtExpiration, _abortingAtExpiration + one);
            }
        }
    }

    private bool TryEnd()
    {
        // Under a lock, because a server uses the context for somebody else's request once this one is over.
        lock (_ending)
        {
            if (_hasEnded)
            {
                return false;
            }

            _hasEnded = true;
            if (_aborting > 0)
            {
                Abort();
            }

            return true;
        }
    }

    private void Abort()
    {
        try
        {
            context.Abort();
        }
        catch (Exception exception)
        {
            // There are servers that run what is registered with RequestAborted before they return.
            connections.HasThrown(exception);
        }
    }
}
