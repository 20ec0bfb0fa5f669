using System.Net;
using System.Net.WebSockets;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.IdentityModel.JsonWebTokens;

namespace JwtRevocation.Tests.Connections;

/// <summary>A connection ends when its token is revoked, and no other does.</summary>
public sealed class EndOnRevocationTests
{
    private static readonly string[] Sessions = ["a", "b"];

    public static TheoryData<RevocationTargetKind> Kinds => [.. Enum.GetValues<RevocationTargetKind>()];

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task A_web_socket_and_an_event_stream_end_by_whatever_revokes_their_token(RevocationTargetKind kind)
    {
        await using ConnectedApi api = await ConnectedApi.StartAsync();
        string token = Token("alice", "a");
        using WebSocket socket = await api.OpenSocketAsync(token);
        await using Stream events = await api.OpenEventsAsync(token);
        string other = Token("bob", "b", client: "other");
        using WebSocket othersSocket = await api.OpenSocketAsync(other);

        await RevokeAsync(api, kind, token);

        await Expect.ToEndAsync(socket);
        await Expect.ToEndAsync(events);
        if (kind is RevocationTargetKind.Issuer or RevocationTargetKind.Everything)
        {
            await Expect.ToEndAsync(othersSocket);
        }
        else
        {
            await Expect.ToLiveAsync(othersSocket);
        }
    }

    [Fact]
    public async Task The_endpoint_is_told()
    {
        await using ConnectedApi api = await ConnectedApi.StartAsync();
        string token = Token("alice", "a");
        await using Stream events = await api.OpenEventsAsync(token);
        api.Seen.Open.Should().Be(1);

        await api.Revoker.RevokeAsync(token, TestContext.Current.CancellationToken);

        await Expect.ToBecomeTrueAsync(() => api.Seen.Open == 0, "RequestAborted is cancelled");
    }

    [Fact]
    public async Task A_long_download_ends()
    {
        await using ConnectedApi api = await ConnectedApi.StartAsync(endpoints: app => app
            .MapGet("/download", () => TypedResults.Stream(new EndlessStream(), "application/octet-stream"))
            .RequireAuthorization()
            .EndOnRevocation());
        string token = Token("alice", "a");
        await using Stream download = await api.OpenEventsAsync(token, "/download");

        await api.Revoker.RevokeAsync(token, TestContext.Current.CancellationToken);

        await Expect.ToEndAsync(download);
    }

    [Fact]
    public async Task Signing_out_the_others_spares_this_session()
    {
        await using ConnectedApi api = await ConnectedApi.StartAsync();
        string here = Token("alice", "here");
        using WebSocket spared = await api.OpenSocketAsync(here);
        using WebSocket refreshed = await api.OpenSocketAsync(Token("alice", "here"));
        using WebSocket ended = await api.OpenSocketAsync(Token("alice", "elsewhere"));

        using HttpRequestMessage signOut = new(HttpMethod.Post, "/sign-out/others");
        signOut.Headers.Authorization = new("Bearer", here);
        using HttpResponseMessage response = await api.Client.SendAsync(signOut, TestContext.Current.CancellationToken);

        response.StatusCode.Should().Be(HttpStatusCode.OK);
        await Expect.ToEndAsync(ended);
        await Expect.ToLiveAsync(spared);
        await Expect.ToLiveAsync(refreshed);
    }

    [Fact]
    public async Task One_without_a_token_is_left_alone()
    {
        await using ConnectedApi api = await ConnectedApi.StartAsync();
        await using Stream anonymous = await api.OpenEventsAsync(token: null);
        string token = Token("alice", "a");
        await using Stream events = await api.OpenEventsAsync(token);

        await api.Revoker.RevokeAsync(RevocationTarget.Everything, TestContext.Current.CancellationToken);

        await Expect.ToEndAsync(events);
        await Expect.ToBecomeTrueAsync(() => api.Seen.Open == 1, "only the one with a token has ended");
    }

    [Fact]
    public async Task A_token_that_is_revoked_before_its_endpoint_runs_does_not_get_there()
    {
        ITokenRevoker? revoker = null;
        await using ConnectedApi api = await ConnectedApi.StartAsync(bearer: bearer => bearer.Events = new()
        {
            OnTokenValidated = context => revoker!.RevokeAsync(context.SecurityToken, context.HttpContext.RequestAborted),
        });
        revoker = api.Revoker;

        Func<Task> open = () => api.OpenEventsAsync(Token("alice", "a"));

        await open.Should().ThrowAsync<HttpRequestException>();
        api.Seen.Open.Should().Be(0);
    }

    [Fact]
    public async Task A_request_that_is_over_does_not_end_the_next_one_on_its_connection()
    {
        await using ConnectedApi api = await ConnectedApi.StartAsync(
            endpoints: app => app.MapGet("/short", () => "done").RequireAuthorization().EndOnRevocation());
        using HttpClient oneConnection = new(new SocketsHttpHandler { MaxConnectionsPerServer = 1 }) { BaseAddress = new(api.Urls[0]) };
        string first = Token("alice", "a");
        using (HttpResponseMessage done = await oneConnection.SendAsync(ConnectedApi.Get("/short", first), TestContext.Current.CancellationToken))
        {
            done.StatusCode.Should().Be(HttpStatusCode.OK);
        }

        string second = Token("bob", "b");
        using HttpResponseMessage open = await oneConnection.SendAsync(
            ConnectedApi.Get("/events", second), HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        await using Stream events = await open.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        using WebSocket witness = await api.OpenSocketAsync(first);

        await api.Revoker.RevokeAsync(RevocationTarget.Subject(TestTokens.Issuer, "alice"), TestContext.Current.CancellationToken);

        await Expect.ToEndAsync(witness);
        await Expect.ToBecomeTrueAsync(() => api.Seen.Open == 1, "the witness has ended, and nothing else");
        await api.Revoker.RevokeAsync(second, TestContext.Current.CancellationToken);
        await Expect.ToEndAsync(events);
    }

    [Fact]
    public async Task It_can_be_asked_for_twice_and_of_a_group()
    {
        await using ConnectedApi api = await ConnectedApi.StartAsync(endpoints: app =>
        {
            RouteGroupBuilder group = app.MapGroup("/group").RequireAuthorization().EndOnRevocation();
            group.MapGet("/wait", OpenEndpoint.WaitAsync).EndOnRevocation();
        });
        string token = Token("alice", "a");
        await using Stream waiting = await api.OpenEventsAsync(token, "/group/wait");

        await api.Revoker.RevokeAsync(token, TestContext.Current.CancellationToken);

        await Expect.ToEndAsync(waiting);
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task Whichever_handler_reads_the_token_its_connection_ends(bool bySecurityTokenValidators, bool isEncrypted)
    {
        await using ConnectedApi api = await ConnectedApi.StartAsync(bearer: bearer => bearer.UseSecurityTokenValidators = bySecurityTokenValidators);
        using WebSocket socket = await api.OpenSocketAsync(TestTokens.Create(encrypted: isEncrypted, configure: token => token.Claims["sid"] = Sessions));

        await api.Revoker.RevokeAsync(RevocationTarget.Session(TestTokens.Issuer, "b"), TestContext.Current.CancellationToken);

        await Expect.ToEndAsync(socket);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task It_ends_whatever_was_read_of_an_encrypted_token_before_it_was_decrypted(bool bySecurityTokenValidators)
    {
        await using ConnectedApi api = await ConnectedApi.StartAsync(bearer: bearer =>
        {
            bearer.UseSecurityTokenValidators = bySecurityTokenValidators;
            TestTokens.ReadBeforeDecryption(bearer.TokenValidationParameters);
        });
        using WebSocket socket = await api.OpenSocketAsync(
            TestTokens.Create(encrypted: true, configure: token => token.IssuedAt = TimeProvider.System.GetUtcNow().UtcDateTime.AddMinutes(-1)));

        await api.Revoker.RevokeAsync(RevocationTarget.Subject(TestTokens.Issuer, "alice"), cancellationToken: TestContext.Current.CancellationToken);

        await Expect.ToEndAsync(socket);
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    public async Task It_ends_with_the_token_of_its_actor_where_requests_are_refused_for_that(bool bySecurityTokenValidators, bool isEncrypted)
    {
        await using ConnectedApi api = await ConnectedApi.StartAsync(bearer: bearer =>
        {
            bearer.UseSecurityTokenValidators = bySecurityTokenValidators;
            bearer.TokenValidationParameters.ValidateActor = true;
        });
        string actor = TestTokens.Create(subject: "carol", encrypted: isEncrypted);
        string token = TestTokens.Create(configure: token => token.Claims["actort"] = actor);
        using WebSocket socket = await api.OpenSocketAsync(token);

        await api.Revoker.RevokeAsync(actor, TestContext.Current.CancellationToken);

        (await api.StatusAsync(token)).Should().Be(HttpStatusCode.Unauthorized);
        await Expect.ToEndAsync(socket);
    }

    [Fact]
    public async Task One_that_is_revoked_while_it_opens_ends_all_the_same()
    {
        await using ConnectedApi api = await ConnectedApi.StartAsync(
            endpoints: app => app.MapGet("/wait", OpenEndpoint.WaitAsync).RequireAuthorization().EndOnRevocation());
        for (int round = 0; round < 25; round++)
        {
            string[] tokens = [.. Enumerable.Range(0, 8).Select(_ => TestTokens.Create())];
            Task[] opened = [.. tokens.Select(token => OpenToTheEndAsync(api, token))];

            await Task.WhenAll(tokens.Select(token => api.Revoker.RevokeAsync(token, TestContext.Current.CancellationToken)));

            await Task.WhenAll(opened);
        }
    }

    [Fact]
    public async Task An_error_within_it_has_its_page()
    {
        await using TestApi api = await TestApi.StartAsync(endpoints: app =>
        {
            app.UseExceptionHandler("/group/error");
            app.UseRouting();
            app.UseAuthentication();
            app.UseAuthorization();
            RouteGroupBuilder group = app.MapGroup("/group").EndOnRevocation();
            group.MapGet("/throws", string () => throw new InvalidOperationException()).RequireAuthorization();
            group.MapGet("/error", () => TypedResults.Text("an error", statusCode: StatusCodes.Status500InternalServerError));
        });

        using HttpResponseMessage response = await api.GetAsync(TestTokens.Create(), "/group/throws");

        (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Should().Be("an error");
    }

    [Fact]
    public async Task Middleware_may_ask_when_the_endpoint_has_returned()
    {
        TaskCompletionSource<bool> canBeRevoked = new();
        await using TestApi api = await TestApi.StartAsync(endpoints: app =>
        {
            app.UseRouting();
            app.UseAuthentication();
            app.UseAuthorization();
            app.Use(async (context, next) =>
            {
                await next(context);
                canBeRevoked.SetResult(context.GetTokenRevoked().CanBeCanceled);
            });
            app.MapGet("/short", () => TypedResults.Ok()).RequireAuthorization().EndOnRevocation();
        });

        (await api.StatusAsync(TestTokens.Create(), "/short")).Should().Be(HttpStatusCode.OK);

        (await canBeRevoked.Task).Should().BeTrue();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task It_ends_with_a_token_that_was_accepted_after_somebody_had_asked(bool isFirst)
    {
        // The default scheme reads one header before the middleware asks; the policy of the endpoint has another one read.
        await using ConnectedApi api = await ConnectedApi.StartAsync(
            services => services.AddAuthentication("Bearer").AddJwtBearer("Second", scheme => TestApi.UseTestTokens(scheme, second => second.Events = new()
            {
                OnMessageReceived = context =>
                {
                    context.Token = context.Request.Headers["X-Second"];
                    return Task.CompletedTask;
                },
            })),
            app =>
            {
                app.UseAuthentication();
                app.Use(async (context, next) =>
                {
                    context.GetTokenRevoked();
                    await next(context);
                });
                app.UseAuthorization();
                app.MapGet("/wait", OpenEndpoint.WaitAsync)
                    .RequireAuthorization(new AuthorizeAttribute { AuthenticationSchemes = "Second" }).EndOnRevocation();
            });
        (string one, string two) = (TestTokens.Create(), TestTokens.Create());
        using HttpRequestMessage request = ConnectedApi.Get("/wait", one);
        request.Headers.Add("X-Second", two);
        using HttpResponseMessage response = await api.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        response.StatusCode.Should().Be(HttpStatusCode.OK);
        await using Stream open = await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        (await open.ReadAsync(new byte[1], TestContext.Current.CancellationToken)).Should().Be(1);

        await api.Revoker.RevokeAsync(isFirst ? one : two, TestContext.Current.CancellationToken);

        await Expect.ToEndAsync(open);
    }

    [Fact]
    public async Task An_endpoint_that_has_run_another_one_ends()
    {
        await using ConnectedApi api = await ConnectedApi.StartAsync(endpoints: app =>
        {
            app.MapGet("/inner", () => "inner").RequireAuthorization().EndOnRevocation(orExpiration: true);
            app.MapGet("/outer", async context =>
            {
                await context.RequestServices.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
                    .Single(static endpoint => endpoint.RoutePattern.RawText == "/inner").RequestDelegate!(context);
                await context.Response.Body.FlushAsync(context.RequestAborted);
                await Task.Delay(Timeout.InfiniteTimeSpan, context.RequestAborted);
            }).RequireAuthorization().EndOnRevocation();
        });
        string token = TestTokens.Create();
        await using Stream open = await api.OpenEventsAsync(token, "/outer");

        await api.Revoker.RevokeAsync(token, TestContext.Current.CancellationToken);

        await Expect.ToEndAsync(open);
    }

    [Fact]
    public async Task Middleware_that_had_asked_hears_of_it_after_the_endpoint_too()
    {
        TaskCompletionSource<CancellationToken> asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource finished = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using ConnectedApi api = await ConnectedApi.StartAsync(endpoints: app =>
        {
            app.UseAuthentication();
            app.Use(async (context, next) =>
            {
                CancellationToken revoked = context.GetTokenRevoked();
                await next(context);
                asked.SetResult(revoked);
                await finished.Task;
            });
            app.UseAuthorization();
            app.MapGet("/short", () => "done").RequireAuthorization().EndOnRevocation();
        });
        string token = TestTokens.Create();
        Task<HttpStatusCode> request = api.StatusAsync(token, "/short");
        CancellationToken revoked = await asked.Task;

        await api.Revoker.RevokeAsync(token, TestContext.Current.CancellationToken);

        await Expect.ToBecomeTrueAsync(() => revoked.IsCancellationRequested, "the request is running still");
        finished.SetResult();
        (await request).Should().Be(HttpStatusCode.OK, "nobody asked for it to be ended any more");
    }

    [Fact]
    public async Task What_throws_when_a_request_is_aborted_keeps_nobody_from_hearing_of_it()
    {
        TaskCompletionSource waits = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource told = new(TaskCreationOptions.RunContinuationsAsynchronously);

        // On this server, Abort() itself throws what is thrown.
        await using TestApi api = await TestApi.StartAsync(endpoints: app => app.MapGet("/hold", async context =>
        {
            using CancellationTokenRegistration aborted = context.RequestAborted.Register(() => throw new InvalidOperationException());
            using CancellationTokenRegistration revoked = context.GetTokenRevoked().Register(told.SetResult);
            waits.SetResult();
            await told.Task;
        }).RequireAuthorization().EndOnRevocation());
        string token = Token("alice", "a");
        Task<HttpResponseMessage> request = api.Client.SendAsync(ConnectedApi.Get("/hold", token), TestContext.Current.CancellationToken);

        // Not once it has begun to answer: what an endpoint still writes then may fail of the abort before it is told.
        await waits.Task.WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
        await api.Revoker.RevokeAsync(token, TestContext.Current.CancellationToken);

        await told.Task.WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
        await Assert.ThrowsAnyAsync<Exception>(() => request);
    }

    [Fact]
    public async Task A_logger_that_throws_ends_neither_the_process_nor_the_others()
    {
        using ThrowingLogger logger = new();
        await using ConnectedApi api = await ConnectedApi.StartAsync(
            services => services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Debug).AddProvider(logger)));
        foreach (string token in new[] { Token("alice", "a"), Token("bob", "b") })
        {
            using WebSocket socket = await api.OpenSocketAsync(token);
            await api.Revoker.RevokeAsync(token, TestContext.Current.CancellationToken);
            await Expect.ToEndAsync(socket);
        }

        await Expect.ToBecomeTrueAsync(() => logger.Thrown == 2, "each of them is logged");
    }

    [Fact]
    public async Task Without_the_library_the_app_says_so()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        await using WebApplication app = builder.Build();
        app.MapGet("/", () => "").EndOnRevocation();

        Action build = () => _ = ((IEndpointRouteBuilder)app).DataSources.Single().Endpoints;

        build.Should().Throw<InvalidOperationException>().WithMessage("*AddJwtRevocation()*");
    }

    private static async Task OpenToTheEndAsync(ConnectedApi api, string token)
    {
        Stream events;
        try
        {
            events = await api.OpenEventsAsync(token, "/wait");
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            // Refused, or ended before the first event.
            return;
        }

        await using (events)
        {
            await Expect.ToEndAsync(events);
        }
    }

    private static string Token(string subject, string session, string client = "app") => TestTokens.Create(
        subject: subject,
        configure: token =>
        {
            token.Claims["sid"] = session;
            token.Claims["client_id"] = client;
            token.Claims["tenant"] = session;
            token.IssuedAt = TimeProvider.System.GetUtcNow().UtcDateTime.AddMinutes(-1);
        });

    private static Task<RevocationReceipt> RevokeAsync(ConnectedApi api, RevocationTargetKind kind, string token)
    {
        JsonWebToken jwt = new(token);
        string issuer = TestTokens.Issuer;
        return kind == RevocationTargetKind.Token
            ? api.Revoker.RevokeAsync(token, TestContext.Current.CancellationToken)
            : api.Revoker.RevokeAsync(
                kind switch
                {
                    RevocationTargetKind.TokenId => RevocationTarget.TokenId(issuer, jwt.Id),
                    RevocationTargetKind.Session => RevocationTarget.Session(issuer, "a"),
                    RevocationTargetKind.Subject => RevocationTarget.Subject(issuer, "alice"),
                    RevocationTargetKind.Client => RevocationTarget.Client(issuer, "app"),
                    RevocationTargetKind.Claim => RevocationTarget.Claim(issuer, "tenant", "a"),
                    RevocationTargetKind.Issuer => RevocationTarget.IssuedBy(issuer),
                    _ => RevocationTarget.Everything,
                },
                TestContext.Current.CancellationToken);
    }

    private sealed class ThrowingLogger : ILoggerProvider, ILogger
    {
        private int _thrown;

        public int Thrown => Volatile.Read(ref _thrown);

        public ILogger CreateLogger(string categoryName) =>
            categoryName.EndsWith("OpenConnections", StringComparison.Ordinal) ? this : NullLogger.Instance;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            Interlocked.Increment(ref _thrown);
            throw new InvalidOperationException();
        }

        public void Dispose()
        {
        }
    }

    private sealed class EndlessStream : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count) => count;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => new(buffer.Length);

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush()
        {
        }
    }
}
