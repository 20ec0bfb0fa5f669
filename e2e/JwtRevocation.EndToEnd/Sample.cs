using System.Net.Http.Json;
using System.Text.Json;

namespace JwtRevocation.EndToEnd;

/// <summary>The sample, published as native code.</summary>
internal static class Sample
{
    public static Task<RunningApp> StartAsync() => StartAsync([], userData: null);

    /// <summary>As one of many nodes, which share their signing key, too.</summary>
    public static Task<RunningApp> StartAsync(string redis, TemporaryFolder userData) =>
        StartAsync(["--ConnectionStrings:Redis", redis], userData);

    private static Task<RunningApp> StartAsync(string[] arguments, TemporaryFolder? userData)
    {
        string binary = Path.Combine(Repository.PublishedSample, "SignOut");
        Repository.Made(binary, "dotnet publish samples/SignOut -c Release -o artifacts/native");

        // It finds its page and its settings in the folder it is started in.
        return RunningApp.StartAsync(binary, arguments, Repository.PublishedSample, userData);
    }

    public static async Task<string> SignInAsync(HttpClient client, string user, string device)
    {
        using HttpResponseMessage response = await client.PostAsJsonAsync("/sign-in", new { user, device });
        response.EnsureSuccessStatusCode();
        JsonElement answer = await response.Content.ReadFromJsonAsync<JsonElement>();
        return answer.GetProperty("access_token").GetString()!;
    }
}
