using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Connections;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Client;
using Microsoft.Extensions.DependencyInjection;

namespace JwtRevocation.Tests.Connections;

/// <summary>SignalR, over each of its transports.</summary>
public sealed class HubTests
{
    [Theory]
    [InlineData(HttpTransportType.WebSockets)]
    [InlineData(HttpTransportType.ServerSentEvents)]
    [InlineData(HttpTransportType.LongPolling)]
    public async Task A_hub_connection_ends_and_does_not_come_back(HttpTransportType transport)
    {
        await using ConnectedApi api = await StartAsync();
        string token = TestTokens.Create();
        await using HubConnection connection = await ConnectAsync(api, token, transport);
        await using HubConnection other = await ConnectAsync(api, TestTokens.Create(subject: "bob"), transport);
        TaskCompletionSource closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        connection.Closed += _ =>
        {
            closed.SetResult();
            return Task.CompletedTask;
        };

        await api.Revoker.RevokeAsync(RevocationTarget.Subject(TestTokens.Issuer, "alice"), TestContext.Current.CancellationToken);

        await closed.Task.WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
        (await other.InvokeAsync<string>("Echo", "hello", TestContext.Current.CancellationToken)).Should().Be("hello");
        Func<Task> again = () => ConnectAsync(api, token, transport);
        await again.Should().ThrowAsync<HttpRequestException>();
    }

    [Fact]
    public async Task What_the_hub_sends_to_its_user_cannot_be_polled_for_afterwards()
    {
        await using ConnectedApi api = await StartAsync();
        IClientProxy everybody = api.Services.GetRequiredService<IHubContext<ChatHub>>().Clients.All;
        string token = TestTokens.Create();
        using LongPollingClient client = new(api, token);
        await client.ConnectAsync();
        await everybody.SendAsync("Tell", "hello", TestContext.Current.CancellationToken);
        (await client.PollAsync()).Should().Contain("hello");
        Task<string?> poll = client.PollAsync();
        await api.Revoker.RevokeAsync(token, TestContext.Current.CancellationToken);
        (await poll.WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken)).Should().BeNull();

        await everybody.SendAsync("Tell", "secret", TestContext.Current.CancellationToken);

        (await client.PollAsync()).Should().BeNull();
    }

    [Fact]
    public async Task A_hub_connection_that_comes_back_with_its_state_is_held_to_the_token_that_it_came_back_with()
    {
        await using ConnectedApi api = await StartAsync();
        string token = TestTokens.Create();
        await using HubConnection connection = new HubConnectionBuilder()
            .WithUrl(api.Urls[0] + "/hub", HttpTransportType.WebSockets, options => options.AccessTokenProvider = () => Task.FromResult<string?>(token))
            .WithStatefulReconnect()
            .Build();
        await connection.StartAsync(TestContext.Current.CancellationToken);
        TaskCompletionSource closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        connection.Closed += _ =>
        {
            closed.SetResult();
            return Task.CompletedTask;
        };
        string? id = connection.ConnectionId;
        string before = token;
        token = TestTokens.Create();
        await api.Revoker.RevokeAsync(before, TestContext.Current.CancellationToken);
        (await connection.InvokeAsync<string>("Echo", "hello", TestContext.Current.CancellationToken)).Should().Be("hello");
        connection.ConnectionId.Should().Be(id);

        await api.Revoker.RevokeAsync(token, TestContext.Current.CancellationToken);

        await closed.Task.WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
    }

    [Theory]
    [InlineData(HttpTransportType.WebSockets, true)]
    [InlineData(HttpTransportType.ServerSentEvents, true)]
    [InlineData(HttpTransportType.LongPolling, false)]
    public async Task A_hub_can_watch_its_request_unless_it_has_but_a_copy_of_one_that_is_over(HttpTransportType transport, bool canWatch)
    {
        await using ConnectedApi api = await StartAsync();
        await using HubConnection connection = await ConnectAsync(api, TestTokens.Create(), transport);

        (await connection.InvokeAsync<bool>("CanWatch", TestContext.Current.CancellationToken)).Should().Be(canWatch);
    }

    [Theory]
    [InlineData(HttpTransportType.WebSockets)]
    [InlineData(HttpTransportType.ServerSentEvents)]
    [InlineData(HttpTransportType.LongPolling)]
    public async Task A_hub_that_signs_out_hears_that_the_store_did_not_take_it(HttpTransportType transport)
    {
        FaultyStore store = new();
        await using ConnectedApi api = await ConnectedApi.StartAsync(
            services => services.AddSignalR(),
            app => app.MapHub<ChatHub>("/hub").RequireAuthorization(),
            revocation: revocation => revocation.AddStore(_ => store));
        string token = TestTokens.Create();
        await using HubConnection connection = await ConnectAsync(api, token, transport);
        Func<Task> signOut = () => connection.InvokeAsync("SignOut", TestContext.Current.CancellationToken);

        store.RevokeFails = true;
        await signOut.Should().ThrowAsync<HubException>();
        (await api.StatusAsync(token)).Should().Be(HttpStatusCode.OK);

        store.RevokeFails = false;
        await signOut();
        (await api.StatusAsync(token)).Should().Be(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task A_hub_over_long_polling_hears_that_there_was_nothing_to_sign_out()
    {
        // Its copy of the request is nobody's by default, and has not been authenticated by the scheme of the policy.
        AuthorizationPolicy policy = new AuthorizationPolicyBuilder("Second").RequireAuthenticatedUser().Build();
        await using ConnectedApi api = await ConnectedApi.StartAsync(
            services =>
            {
                services.AddSignalR();
                services.AddAuthentication().AddJwtBearer("Second", bearer => TestApi.UseTestTokens(bearer));
            },
            app => app.MapHub<ChatHub>("/hub").RequireAuthorization(policy));
        await using HubConnection connection = await ConnectAsync(api, TestTokens.Create(), HttpTransportType.LongPolling);

        Func<Task> signOut = () => connection.InvokeAsync("SignOut", TestContext.Current.CancellationToken);

        await signOut.Should().ThrowAsync<HubException>();
    }

    private static Task<ConnectedApi> StartAsync() => ConnectedApi.StartAsync(
        services => services.AddSignalR(),
        app => app.MapHub<ChatHub>("/hub", options => options.AllowStatefulReconnects = true).RequireAuthorization().EndOnRevocation());

    private static async Task<HubConnection> ConnectAsync(ConnectedApi api, string token, HttpTransportType transport)
    {
        HubConnection connection = new HubConnectionBuilder()
            .WithUrl(api.Urls[0] + "/hub", transport, options => options.AccessTokenProvider = () => Task.FromResult<string?>(token))
            .Build();
        await connection.StartAsync(TestContext.Current.CancellationToken);
        return connection;
    }

#pragma warning disable CA1812 // SignalR makes it.
    private sealed class ChatHub : Hub
#pragma warning restore CA1812
    {
        public string Echo(string message) => message + Context.ConnectionId[..0];

        public Task SignOut() => Context.GetHttpContext()!.SignOutAsync(JwtRevocationDefaults.AuthenticationScheme);

        public bool CanWatch() => Context.GetHttpContext()!.GetTokenRevoked().CanBeCanceled;
    }

    /// <summary>One that, unlike SignalR's own, polls on after a poll has failed.</summary>
    private sealed class LongPollingClient : IDisposable
    {
        private readonly HttpClient _client;
        private string _path = "/hub";

        public LongPollingClient(ConnectedApi api, string token)
        {
            _client = new() { BaseAddress = new(api.Urls[0]) };
            _client.DefaultRequestHeaders.Authorization = new("Bearer", token);
        }

        public async Task ConnectAsync()
        {
            using HttpResponseMessage negotiated = await _client.PostAsync("/hub/negotiate?negotiateVersion=1", null, TestContext.Current.CancellationToken);
            JsonElement connection = await negotiated.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken);
            _path = $"/hub?id={connection.GetProperty("connectionToken").GetString()}";
            (await PollAsync()).Should().BeEmpty("the first poll only opens the connection");
            await SendAsync("{\"protocol\":\"json\",\"version\":1}");
            (await PollAsync()).Should().StartWith("{}", "that is the answer to the handshake");

            // Which comes before the hub counts it as connected; this comes after.
            await SendAsync("{\"type\":1,\"invocationId\":\"1\",\"target\":\"Echo\",\"arguments\":[\"connected\"]}");
            (await PollAsync()).Should().Contain("connected");
        }

        /// <returns><see langword="null"/> if it is refused or broken off.</returns>
        public async Task<string?> PollAsync()
        {
            try
            {
                using HttpResponseMessage response = await _client.GetAsync(_path, TestContext.Current.CancellationToken);
                return response.StatusCode == HttpStatusCode.Unauthorized ? null : await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            }
            catch (HttpRequestException)
            {
                return null;
            }
        }

        public void Dispose() => _client.Dispose();

        private async Task SendAsync(string message)
        {
            using StringContent content = new(message + "\u001e");
            using HttpResponseMessage sent = await _client.PostAsync(_path, content, TestContext.Current.CancellationToken);
            sent.EnsureSuccessStatusCode();
        }
    }
}
