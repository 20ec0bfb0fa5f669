using System.Net;
using System.Net.Http.Json;
using System.Net.WebSockets;
using System.Text;
using System.Text.RegularExpressions;
using JwtRevocation.Tests.Connections;
using Microsoft.Extensions.DependencyInjection;

namespace JwtRevocation.Tests.Readme;

public sealed partial class ReadmeTests
{
    [Fact]
    public void Every_snippet_of_the_README_is_compiled()
    {
        string compiled = WithoutWhiteSpace(Read("ReadmeSnippets.cs"));
        string[] snippets = [.. CSharpBlock().Matches(Read("README.md")).Select(match => match.Groups[1].Value)];

        snippets.Should().NotBeEmpty();
        foreach (string paragraph in snippets.SelectMany(snippet => snippet.Split("\n\n")))
        {
            compiled.Should().Contain(WithoutWhiteSpace(paragraph));
        }
    }

    [Fact]
    public void The_README_shows_code_before_line_15()
    {
        string[] lines = Read("README.md").Split('\n');

        Array.FindIndex(lines, line => line.Contains("AddJwtRevocation")).Should().BeInRange(0, 14);
    }

    [Fact]
    public async Task The_snippets_do_what_the_README_says()
    {
        await using TestApi api = await TestApi.StartCoreAsync(
            services =>
            {
                // With the names of claims that JwtBearer gives them by default.
                services.AddAuthentication().AddJwtBearer(bearer => TestApi.UseTestTokens(bearer, more => more.MapInboundClaims = true));
                services.AddAuthorizationBuilder()
                    .AddPolicy("admin", policy => policy.RequireAuthenticatedUser())
                    .AddPolicy("clients", policy => policy.RequireAuthenticatedUser());
                services.AddSignalR();
                services.AddSingleton<ReadmeSnippets.Prices>();
                services.AddJwtRevocation();
            },
            app =>
            {
                ReadmeSnippets.Hub(app);
                ReadmeSnippets.Connections(app);
                ReadmeSnippets.Elsewhere(app);
                ReadmeSnippets.Everywhere(app);
                ReadmeSnippets.Details(app);
                ReadmeSnippets.Password(app);
                ReadmeSnippets.Listing(app);
                ReadmeSnippets.Operator(app);
                ReadmeSnippets.NamedScheme(app);
            });
        string admin = TestTokens.Create(subject: "admin");
        string leaked = TestTokens.Create();

        (await PostAsync("/admin/revoke", admin, new { token = leaked })).Should().Be(HttpStatusCode.NoContent);
        (await api.StatusAsync(leaked)).Should().Be(HttpStatusCode.Unauthorized);
        (await PostAsync("/admin/revoke", admin, new { token = "nonsense" })).Should().Be(HttpStatusCode.BadRequest);
        (await PostAsync("/admin/revoke", admin, new { })).Should().Be(HttpStatusCode.BadRequest);
        (await PostAsync("/users/alice/sign-out", admin, null)).Should().Be(HttpStatusCode.OK);
        (await PostAsync("/compromised", admin, null)).Should().Be(HttpStatusCode.OK);
        (await PostAsync("/password", admin, null)).Should().Be(HttpStatusCode.OK);
        using HttpResponseMessage listed = await api.GetAsync(admin, "/admin/revocations");
        (await listed.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Should().Contain("key leaked").And.Contain("\"Subject\"");
        (await PostAsync("/sign-out/others", admin, null)).Should().Be(HttpStatusCode.OK);
        (await PostAsync("/api/sign-out", admin, null)).Should().Be(HttpStatusCode.OK);
        (await api.StatusAsync(admin)).Should().Be(HttpStatusCode.Unauthorized);

        async Task<HttpStatusCode> PostAsync(string path, string token, object? body)
        {
            using HttpRequestMessage request = new(HttpMethod.Post, path) { Content = body is null ? null : JsonContent.Create(body) };
            request.Headers.Authorization = new("Bearer", token);
            using HttpResponseMessage response = await api.Client.SendAsync(request, TestContext.Current.CancellationToken);
            return response.StatusCode;
        }
    }

    [Fact]
    public async Task An_app_whose_users_have_cookies_by_default_signs_out_as_the_README_says()
    {
        await using TestApi api = await TestApi.StartCoreAsync(
            services =>
            {
                services.AddAuthentication("Cookies").AddCookie("Cookies").AddJwtBearer(bearer => TestApi.UseTestTokens(bearer));
                services.AddJwtRevocation();
            },
            ReadmeSnippets.NamedScheme);
        string token = TestTokens.Create();

        using HttpResponseMessage signOut = await api.SignOutAsync(token, "/api/sign-out");
        signOut.StatusCode.Should().Be(HttpStatusCode.OK);
        using HttpResponseMessage again = await api.SignOutAsync(token, "/api/sign-out");
        again.ShouldBeRevoked();
    }

    [Fact]
    public async Task A_socket_goes_on_with_a_new_token_and_says_goodbye_as_the_README_says()
    {
        await using ConnectedApi api = await ConnectedApi.StartAsync(
            services => services.AddSingleton<ReadmeSnippets.Prices>(), ReadmeSnippets.Connections);
        string first = TestTokens.Create();
        string second = TestTokens.Create();
        using WebSocket socket = await api.OpenSocketAsync(first, "/talk");
        byte[] buffer = new byte[100];

        await socket.SendAsync(Encoding.UTF8.GetBytes(second), WebSocketMessageType.Text, endOfMessage: true, TestContext.Current.CancellationToken);
        WebSocketReceiveResult answer = await socket.ReceiveAsync(buffer, TestContext.Current.CancellationToken);
        Encoding.UTF8.GetString(buffer, 0, answer.Count).Should().Be("continued");
        await api.Revoker.RevokeAsync(first, TestContext.Current.CancellationToken);
        await api.Revoker.RevokeAsync(second, TestContext.Current.CancellationToken);

        (await socket.ReceiveAsync(buffer, TestContext.Current.CancellationToken)).MessageType.Should().Be(WebSocketMessageType.Close);
        socket.CloseStatusDescription.Should().Be("Sign in again");
    }

    private static string Read(string resource)
    {
        using StreamReader reader = new(typeof(ReadmeTests).Assembly.GetManifestResourceStream(resource)!);
        return reader.ReadToEnd().ReplaceLineEndings("\n");
    }

    private static string WithoutWhiteSpace(string text) => WhiteSpace().Replace(text, "");

    [GeneratedRegex("```csharp\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex CSharpBlock();

    [GeneratedRegex("\\s+")]
    private static partial Regex WhiteSpace();
}
