using Microsoft.IdentityModel.Tokens;

namespace JwtRevocation.Benchmarks.Api;

/// <summary>Requests with tokens of one algorithm, from a file that wrk reads.</summary>
internal sealed class ApiLoad
{
    private readonly string _script;
    private readonly string _tokens;

    private ApiLoad(string algorithm, string script, string tokens) => (Algorithm, _script, _tokens) = (algorithm, script, tokens);

    public string Algorithm { get; }

    /// <param name="credentials">What the tokens are signed with.</param>
    /// <param name="directory">Where its files are to be.</param>
    /// <param name="paths">The paths below the address that it is given, one of them at random for each turn; none if that is all.</param>
    public static async Task<ApiLoad> CreateAsync(SigningCredentials credentials, string directory, params string[] paths)
    {
        ApiLoad load = new(credentials.Algorithm, Path.Combine(directory, "load.lua"), Path.Combine(directory, $"{credentials.Algorithm}.txt"));
        await File.WriteAllTextAsync(load._script, Wrk.Script(paths));
        await File.WriteAllLinesAsync(load._tokens, Enumerable.Range(0, ApiTokens.Count).Select(number => ApiTokens.Encode(number, credentials)));
        return load;
    }

    /// <param name="url">The address of the API.</param>
    /// <param name="seconds">For how long.</param>
    /// <param name="turn">So many requests go by one path before the next one.</param>
    public Task<Wrk> RunAsync(string url, int seconds, int turn = 1) => Wrk.RunAsync(url, _script, _tokens, seconds, turn);
}
