using System.Net.Http.Json;
using System.Text.Json;

namespace JwtRevocation.EndToEnd;

/// <summary>The sample, published as native code.</summary>
internal static class Sample
{
    public static Task<RunningApp> StartAsync()
    {
        string binary = Path.Combine(Repository.PublishedSample, "SignOut");
        Repository.Made(binary, "dotnet publish samples/SignOut -c Release -o artifacts/native");

        // It finds its page and its settings in the folder it is started in.
        return RunningApp.StartAsync(binary, [], Repository.PublishedSample);
    }

    public static async Task<string> SignInAsync(HttpClient client, string user, string device)
    {
        using HttpResponseMessage response = await client.PostAsJsonAsync("/sign-in", new { user, device });
        response.EnsureSuccessStatusCode();
        JsonElement answer = await response.Content.ReadFromJsonAsync<JsonElement>();
        return answer.GetProperty("access_token").GetString()!;
    }
}
