using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace JwtRevocation.Tests.Endpoints;

/// <summary>How much of a body is read, over real sockets.</summary>
public sealed class TokenRevocationBoundsTests
{
    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task A_body_that_is_too_large_is_not_read_to_its_end(bool chunked, bool authenticatesInTheForm)
    {
        await using WebApplication app = await StartAsync();
        using HttpClient client = ClientOf(app);
        string token = TokenRevocationApi.TokenOf("app");
        using EndlessForm body = new($"token={token}&client_id=app&client_secret=secret&x=", chunked ? null : 20_000_000);

        // The server may close the connection while the client is still sending.
        HttpStatusCode? status = null;
        try
        {
            using HttpResponseMessage response = await client.PostAsync(body, authenticatesInTheForm ? null : "app");
            status = response.StatusCode;
        }
        catch (HttpRequestException)
        {
        }

        // Of whoever reads it first: the endpoint, or the app's own authentication, for which Kestrel answers.
        (status ?? HttpStatusCode.BadRequest).Should().BeOneOf(HttpStatusCode.BadRequest, HttpStatusCode.RequestEntityTooLarge);
        body.Sent.Should().BeLessThan(15_000_000);
        (await CountAsync(app)).Should().Be(0);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_body_that_is_a_little_too_large_is_refused(bool chunked)
    {
        await using WebApplication app = await StartAsync();
        using HttpClient client = ClientOf(app);
        string token = TokenRevocationApi.TokenOf("app");
        byte[] body = Encoding.UTF8.GetBytes($"token={token}&x={new string('x', 30_000)}&y={new string('y', 30_000)}&z={new string('z', 30_000)}");

        using HttpResponseMessage response = await client.PostAsync(chunked ? new StreamContent(new Unknown(body)) : new ByteArrayContent(body));

        await response.ShouldBeRefusedAsync("invalid_request");
        (await CountAsync(app)).Should().Be(0);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_is_within_the_bounds_is_taken(bool chunked)
    {
        await using WebApplication app = await StartAsync();
        using HttpClient client = ClientOf(app);
        string token = TokenRevocationApi.TokenOf("app", configure: descriptor => descriptor.Claims["padding"] = new string('x', 15_000));
        byte[] body = Encoding.UTF8.GetBytes($"token={token}&x={new string('x', 30_000)}");

        using HttpResponseMessage response = await client.PostAsync(chunked ? new StreamContent(new Unknown(body)) : new ByteArrayContent(body));

        await response.ShouldBeDoneAsync();
        (await CountAsync(app)).Should().Be(1);
    }

    private static async Task<WebApplication> StartAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddAuthentication().AddJwtBearer(bearer => TestApi.UseTestTokens(bearer));
        TokenRevocationApi.AddClients(builder.Services);
        builder.Services.AddJwtRevocation();
        WebApplication app = builder.Build();
        app.MapTokenRevocation(TokenRevocationApi.Path).RequireAuthorization("clients");
        await app.StartAsync(TestContext.Current.CancellationToken);
        return app;
    }

    private static HttpClient ClientOf(WebApplication app) =>
        new() { BaseAddress = new(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()) };

    private static async Task<int> CountAsync(WebApplication app) => await app.Services.GetRequiredService<IRevokedTokenStore>()
        .GetRevocationsAsync(TestContext.Current.CancellationToken).CountAsync(TestContext.Current.CancellationToken);

    /// <summary>A form that goes on for twenty megabytes, if anybody reads it.</summary>
    private sealed class EndlessForm(string start, long? length) : HttpContent
    {
        public long Sent { get; private set; }

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            byte[] piece = Encoding.UTF8.GetBytes(start);
            long end = length ?? 20_000_000;
            while (Sent < end)
            {
                int count = (int)Math.Min(piece.Length, end - Sent);
                await stream.WriteAsync(piece.AsMemory(0, count));
                Sent += count;
                piece = [.. Enumerable.Repeat((byte)'x', 10_000)];
            }
        }

        protected override bool TryComputeLength(out long computed)
        {
            computed = length ?? 0;
            return length is not null;
        }
    }

    /// <summary>A stream whose length nobody knows, so that it is sent in chunks.</summary>
    private sealed class Unknown(byte[] content) : MemoryStream(content)
    {
        public override bool CanSeek => false;
    }
}
