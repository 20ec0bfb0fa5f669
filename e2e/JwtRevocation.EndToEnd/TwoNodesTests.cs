using System.Net;
using System.Net.Http.Headers;

namespace JwtRevocation.EndToEnd;

/// <summary>The sample as two nodes, native code both, with Redis between them.</summary>
public sealed class TwoNodesTests
{
    [Fact]
    public async Task TwoNodes_what_one_signs_out_the_other_refuses()
    {
        await using RedisServer redis = await RedisServer.StartAsync();
        using TemporaryFolder userData = new();
        await using RunningApp one = await Sample.StartAsync(redis.Configuration, userData);
        await using RunningApp other = await Sample.StartAsync(redis.Configuration, userData);
        string token = await Sample.SignInAsync(one.Client, "alice", "phone");
        (await SendAsync(other, HttpMethod.Get, "/me", token)).Should().Be(HttpStatusCode.OK);

        (await SendAsync(one, HttpMethod.Post, "/sign-out", token)).Should().Be(HttpStatusCode.OK);

        for (int tries = 0; await SendAsync(other, HttpMethod.Get, "/me", token) != HttpStatusCode.Unauthorized; tries++)
        {
            tries.Should().BeLessThan(500, "the other node knows by its next poll at the latest");
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }

        (await other.Client.GetStringAsync("/health", TestContext.Current.CancellationToken)).Should().Be("Healthy");
    }

    private static async Task<HttpStatusCode> SendAsync(RunningApp node, HttpMethod method, string path, string token)
    {
        using HttpRequestMessage request = new(method, path);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using HttpResponseMessage response = await node.Client.SendAsync(request);
        return response.StatusCode;
    }
}
