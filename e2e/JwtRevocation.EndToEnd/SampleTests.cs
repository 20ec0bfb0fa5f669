using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;

namespace JwtRevocation.EndToEnd;

/// <summary>What the sample shows beyond signing one device out, against the running program.</summary>
public sealed class SampleTests : IAsyncLifetime
{
    private RunningApp _app = null!;

    public async ValueTask InitializeAsync() => _app = await Sample.StartAsync();

    public ValueTask DisposeAsync() => _app?.DisposeAsync() ?? ValueTask.CompletedTask;

    [Fact]
    public async Task Sample_signs_out_the_others_everywhere_and_by_name_within_one_second_of_each_other()
    {
        string phone = await SignInAsync("alice", "phone");
        string laptop = await SignInAsync("alice", "laptop");
        (await PostAsync("/sign-out/others", phone)).Should().Be(HttpStatusCode.OK);
        (await MeAsync(phone, laptop)).Should().Equal(200, 401);

        laptop = await SignInAsync("alice", "laptop");
        (await MeAsync(laptop)).Should().Equal(200);
        (await PostAsync("/sign-out/everywhere", laptop)).Should().Be(HttpStatusCode.OK);
        (await MeAsync(phone, laptop)).Should().Equal(401, 401);

        phone = await SignInAsync("alice", "phone");
        string bob = await SignInAsync("bob", "phone");
        string admin = await SignInAsync("admin", "desk");
        (await PostAsync("/users/alice/sign-out", bob)).Should().Be(HttpStatusCode.Forbidden);
        (await MeAsync(phone)).Should().Equal(200);
        (await PostAsync("/users/alice/sign-out", admin)).Should().Be(HttpStatusCode.NoContent);
        (await MeAsync(phone, bob, admin)).Should().Equal(401, 200, 200);
    }

    [Fact]
    public async Task Sample_changes_the_password_and_the_fresh_token_works_at_once_1000_times_of_1000()
    {
        for (int i = 0; i < 1_000; i++)
        {
            string phone = await SignInAsync("carol", "phone");
            string laptop = await SignInAsync("carol", "laptop");

            using HttpRequestMessage request = new(HttpMethod.Post, "/password") { Content = JsonContent.Create(new { password = $"secret {i}" }) };
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", phone);
            using HttpResponseMessage response = await _app.Client.SendAsync(request, TestContext.Current.CancellationToken);
            JsonElement answer = await response.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken);

            (await MeAsync(answer.GetProperty("access_token").GetString()!, phone, laptop)).Should().Equal(200, 401, 401);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("{\"user\":null,\"device\":null}")]
    [InlineData("{\"user\":\"\",\"device\":\"\"}")]
    [InlineData("[")]
    public async Task Sample_answers_400_to_a_sign_in_without_a_user(string body)
    {
        using StringContent content = new(body, MediaTypeHeaderValue.Parse("application/json"));
        using HttpResponseMessage response = await _app.Client.PostAsync("/sign-in", content, TestContext.Current.CancellationToken);

        response.StatusCode.Should().Be(HttpStatusCode.BadRequest);
    }

    private Task<string> SignInAsync(string user, string device) => Sample.SignInAsync(_app.Client, user, device);

    private async Task<HttpStatusCode> PostAsync(string path, string token) => await SendAsync(HttpMethod.Post, path, token);

    private async Task<int[]> MeAsync(params string[] tokens)
    {
        List<int> statuses = [];
        foreach (string token in tokens)
        {
            statuses.Add((int)await SendAsync(HttpMethod.Get, "/me", token));
        }

        return [.. statuses];
    }

    private async Task<HttpStatusCode> SendAsync(HttpMethod method, string path, string token)
    {
        using HttpRequestMessage request = new(method, path);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using HttpResponseMessage response = await _app.Client.SendAsync(request);
        return response.StatusCode;
    }
}
