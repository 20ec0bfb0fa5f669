namespace JwtRevocation;

/// <summary>Options of <c>MapBackChannelLogout()</c>.</summary>
public sealed class BackChannelLogoutOptions
{
    /// <summary>
    /// What this app is called at the OpenID Provider: its client ids, one of which must be in the <c>aud</c> of a logout
    /// token. Empty, the default, means the valid audiences of the JwtBearer scheme. Those are of access tokens, and the
    /// audience of an API is seldom a client id: ask the provider's documentation what its logout tokens say.
    /// </summary>
    public ICollection<string> Audiences { get; } = [];
}
