using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Tokens;

namespace JwtRevocation;

/// <summary>
/// The connections of this node that end when their tokens are revoked. Made only once an app asks for them, so that others
/// pay nothing.
/// </summary>
/// <remarks>
/// A revocation finds its connections at once, by what it names; the store then says which of them it ends. Beside that all of
/// them are looked at every second: for what stores of others have not told, for tokens that expire, and for a store that
/// cannot say any more.
/// </remarks>
internal sealed class OpenConnections : IThreadPoolWorkItem, IDisposable
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);

    private readonly RevocationCheck _check;
    private readonly IOptionsMonitor<JwtBearerOptions> _bearerOptions;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger<OpenConnections> _logger;
    private readonly IAnnouncingStore? _store;
    private readonly Counter<long> _ended;
    private readonly ITimer _look;

    private readonly ConnectionIndex _index = new();
    private int _looksSoon;
    private int _looksAgain;

    public OpenConnections(
        IRevokedTokenStore store,
        RevocationCheck check,
        IOptionsMonitor<JwtBearerOptions> bearerOptions,
        IMeterFactory meterFactory,
        TimeProvider timeProvider,
        ILogger<OpenConnections> logger)
    {
        _check = check;
        _bearerOptions = bearerOptions;
        _timeProvider = timeProvider;
        _logger = logger;
        Meter meter = meterFactory.Create(JwtRevocationDefaults.MeterName);
        _ended = meter.CreateCounter<long>("jwt_revocation.connections.ended", "{connection}", "Open connections that were ended, by reason.");
        meter.CreateObservableUpDownCounter("jwt_revocation.connections", () => _index.Count, "{connection}", "Open connections that end when their token is revoked.");

        _store = store as IAnnouncingStore;
        if (_store is not null)
        {
            _store.TokenRevoked += OnTokenRevoked;
            _store.GroupRevoked += OnGroupRevoked;
        }

        // Not with the ExecutionContext of whichever request happened to come first.
        using AsyncFlowControl? _ = ExecutionContext.IsFlowSuppressed() ? null : ExecutionContext.SuppressFlow();
        _look = timeProvider.CreateTimer(static connections => ((OpenConnections)connections!).LookAgain(), this, LookInterval, LookInterval);
    }

    /// <summary>The connection that a request is, from now until it ends, with all tokens that have authenticated it so far.</summary>
    /// <returns><see langword="null"/> if no token has.</returns>
    public OpenConnection? Of(HttpContext context)
    {
        OpenConnection? connection = context.Features.Get<OpenConnection>() is { IsOver: false } open ? open : null;

        if (connection is { HasEnded: true })
        {
            return connection;
        }

        // Not compared with the tokens that it has: it may go on with others by now.
        (ValidatedToken Accepted, WatchedToken Watched)[] unknown =
        [
            .. from accepted in ValidatedToken.AcceptedIn(context).Except(connection?.Known ?? [])
               let watched = Watch(accepted.Scheme, accepted.Token)
               where watched is not null
               select (accepted, watched),
        ];
        if (unknown.Length == 0)
        {
            return connection;
        }

        if (connection is null)
        {
            connection = new(context, this);
            context.Features.Set(connection);
            context.Response.RegisterForDispose(connection);
        }

        connection.TakeIn(context, unknown);

        // After they can be found: what is revoked from then on finds them, and what was revoked before is seen here.
        connection.Check();
        return connection;
    }

    /// <summary>Puts another token in the place of the one that it goes on from.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="accepted">The token, as each scheme that accepts it has read it.</param>
    /// <returns>Whether there is one, the connection has not ended, and a request with the new token would not be refused.</returns>
    public bool TryContinue(OpenConnection connection, IReadOnlyList<(string Scheme, SecurityToken Token)> accepted)
    {
        WatchedToken[] next = [.. accepted.Select(each => Watch(each.Scheme, each.Token)).OfType<WatchedToken>()];

        // What has been revoked ends by that, even if its store tells nobody; and of the new one, a handler of the app's own
        // may not have asked.
        connection.Check();
        if (connection.HasEnded || Array.Exists(next, token => _check.Refuses(in token.Token, out _)) || !_index.TryContinue(connection, next))
        {
            return false;
        }

        connection.PutTokensIntoRequest();
        connection.Check();
        return !connection.HasEnded;
    }

    public void Add(OpenConnection connection, WatchedToken[] tokens) => _index.Add(connection, tokens);

    public void Remove(OpenConnection connection) => _index.Remove(connection);

    /// <summary>Why a connection must end; <see langword="null"/> if it need not.</summary>
    public string? WhyToEnd(OpenConnection connection)
    {
        foreach (WatchedToken token in connection.Tokens)
        {
            for (WatchedToken? each = token; each is not null; each = each.Actor)
            {
                if (_check.Refuses(in each.Token, out RevocationStatus status))
                {
                    return status == RevocationStatus.Unknown ? "unknown" : "revoked";
                }
            }
        }

        return connection.HasExpired(_timeProvider.GetUtcNow()) ? "expired" : null;
    }

    public void HasBeenEnded(string reason)
    {
        _ended.Add(1, new KeyValuePair<string, object?>("reason", reason));
        _logger.ConnectionEnded(reason);
    }

    public void HasThrown(Exception exception) => _logger.ConnectionEndThrew(exception);

    void IThreadPoolWorkItem.Execute()
    {
        Volatile.Write(ref _looksSoon, 0);
        LookAtAll();
    }

    public void Dispose()
    {
        _look.Dispose();
        if (_store is not null)
        {
            _store.TokenRevoked -= OnTokenRevoked;
            _store.GroupRevoked -= OnGroupRevoked;
        }
    }

    private WatchedToken? Watch(string scheme, SecurityToken token) => WatchedToken.Of(scheme, token, _bearerOptions.Get(scheme).TokenValidationParameters);

    private void OnTokenRevoked(TokenFingerprint fingerprint)
    {
        if (_index.Count > 0)
        {
            _index.CheckSoon(fingerprint);
        }
    }

    private void OnGroupRevoked(RevocationTarget target)
    {
        if (_index.Count == 0)
        {
            return;
        }

        if (target.Kind is RevocationTargetKind.Subject or RevocationTargetKind.Session or RevocationTargetKind.TokenId)
        {
            _index.CheckSoon(target);
        }
        else if (Interlocked.Exchange(ref _looksSoon, 1) == 0)
        {
            // By a client, a claim or an issuer: rare, and of many tokens.
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    private void LookAgain()
    {
        // The timer does not wait for a look that takes longer than a second: of a slow store they would pile up.
        if (Interlocked.Exchange(ref _looksAgain, 1) == 0)
        {
            LookAtAll();
            Volatile.Write(ref _looksAgain, 0);
        }
    }

    private void LookAtAll()
    {
        foreach (OpenConnection connection in _index.All)
        {
            try
            {
                if (!connection.HasEnded && WhyToEnd(connection) is not null)
                {
                    connection.CheckSoon();
                }
            }
            catch (Exception)
            {
                // Of a logger. On this thread it would end the process.
            }
        }
    }
}
