using Microsoft.IdentityModel.JsonWebTokens;

namespace JwtRevocation;

/// <summary>A token while it is held against many revocations: what several of them ask is read once.</summary>
internal ref struct TokenUnderCheck(in RevocableToken token)
{
    public readonly RevocableToken Token = token;

    private bool _timeWasRead;
    private bool _hasWholeSeconds;
    private long _earliest;
    private long _latest;

    public readonly string Issuer => Token.SecurityToken.Issuer ?? "";

    /// <inheritdoc cref="TokenTimes.IsUpTo" />
    public bool IsUpTo(string timeClaim, long exact, long wholeSeconds)
    {
        if (timeClaim != TokenTimes.IssuedAt)
        {
            return TokenTimes.IsUpTo(Token.SecurityToken, timeClaim, exact, wholeSeconds);
        }

        if (!_timeWasRead)
        {
            ReadTime();
        }

        return _hasWholeSeconds && _latest <= Math.Min(exact, wholeSeconds) ? true
            : _hasWholeSeconds && _earliest > Math.Max(exact, wholeSeconds) ? false
            : TokenTimes.IsUpTo(Token.SecurityToken, timeClaim, exact, wholeSeconds);
    }

    private void ReadTime()
    {
        _timeWasRead = true;
        if (Token.SecurityToken is JsonWebToken jwt && jwt.TryGetPayloadValue(TokenTimes.IssuedAt, out long seconds))
        {
            _hasWholeSeconds = true;
            (_earliest, _latest) = TokenTimes.Around(seconds);
        }
    }
}
