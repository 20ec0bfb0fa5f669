using System.Net;
using System.Net.Http.Headers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace JwtRevocation.Tests.SigningOut;

public sealed class ParallelClientsTests
{
    [Fact]
    public async Task No_call_after_an_acknowledged_sign_out_succeeds()
    {
        // 100 clients, 10,000 rounds among them, over real sockets.
        const int Clients = 100;
        const int Rounds = 10_000;
        CancellationToken cancellationToken = TestContext.Current.CancellationToken;

        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddAuthentication().AddJwtBearer(bearer => TestApi.UseTestTokens(bearer));
        builder.Services.AddAuthorization();
        builder.Services.AddJwtRevocation();
        await using WebApplication app = builder.Build();
        app.MapPost("/sign-in", () => TestTokens.Create());
        app.MapGet("/me", (HttpContext context) => context.User.FindFirst("sub")?.Value).RequireAuthorization();
        app.MapPost("/sign-out", () => TypedResults.SignOut()).RequireAuthorization();
        await app.StartAsync(cancellationToken);
        Uri address = new(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
        using SocketsHttpHandler handler = new() { MaxConnectionsPerServer = Clients };
        using HttpClient client = new(handler) { BaseAddress = address };

        int refusedBefore = 0;
        int acceptedAfter = 0;
        int rounds = 0;
        await Task.WhenAll(Enumerable.Range(0, Clients).Select(async _ =>
        {
            while (Interlocked.Increment(ref rounds) <= Rounds)
            {
                using HttpResponseMessage signIn = await client.PostAsync("/sign-in", content: null, cancellationToken);
                AuthenticationHeaderValue token = new("Bearer", await signIn.Content.ReadAsStringAsync(cancellationToken));
                if (await SendAsync(HttpMethod.Get, "/me", token) != HttpStatusCode.OK)
                {
                    Interlocked.Increment(ref refusedBefore);
                }

                (await SendAsync(HttpMethod.Post, "/sign-out", token)).Should().Be(HttpStatusCode.OK);
                if (await SendAsync(HttpMethod.Get, "/me", token) != HttpStatusCode.Unauthorized)
                {
                    Interlocked.Increment(ref acceptedAfter);
                }
            }
        }));

        refusedBefore.Should().Be(0);
        acceptedAfter.Should().Be(0);

        async Task<HttpStatusCode> SendAsync(HttpMethod method, string path, AuthenticationHeaderValue token)
        {
            using HttpRequestMessage request = new(method, path) { Headers = { Authorization = token } };
            using HttpResponseMessage response = await client.SendAsync(request, cancellationToken);
            return response.StatusCode;
        }
    }
}
