using System.Net;
using System.Net.WebSockets;
using System.Text;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace JwtRevocation.Tests.Connections;

/// <summary>Refreshing a token does not end the connection of a session that was not revoked.</summary>
public sealed class ContinuedConnectionTests
{
    private static readonly string[] Several = ["a", "b"];
    private static readonly string[] SeveralOthers = ["a", "c"];

    [Fact]
    public async Task A_token_that_is_refreshed_leaves_its_connection_alone()
    {
        await using ConnectedApi api = await StartAsync();
        using WebSocket socket = await api.OpenSocketAsync(Token(), "/chat");

        using WebSocket refreshed = await api.OpenSocketAsync(Token(), "/chat");
        await Expect.ToLiveAsync(socket);

        // The session is what both of them are of.
        await api.Revoker.RevokeAsync(RevocationTarget.Session(TestTokens.Issuer, "s"), TestContext.Current.CancellationToken);
        await Expect.ToEndAsync(socket);
        await Expect.ToEndAsync(refreshed);
    }

    [Theory]
    [InlineData("Bearer")]
    [InlineData("Bearer,Second")]
    public async Task It_goes_on_with_the_new_token_when_the_old_one_is_revoked(string schemes)
    {
        await using ConnectedApi api = await StartAsync(AddSecond, schemes: schemes);
        string before = Token();
        using WebSocket socket = await api.OpenSocketAsync(before, "/chat");
        string after = Token();
        (await ContinueAsync(socket, after)).Should().Be("continued");

        await api.Revoker.RevokeAsync(before, TestContext.Current.CancellationToken);

        using WebSocket witness = await api.OpenSocketAsync(Token(subject: "bob"), "/chat");
        await api.Revoker.RevokeAsync(RevocationTarget.Subject(TestTokens.Issuer, "bob"), TestContext.Current.CancellationToken);
        await Expect.ToEndAsync(witness);
        await Expect.ToLiveAsync(socket);
        await api.Revoker.RevokeAsync(after, TestContext.Current.CancellationToken);
        await Expect.ToEndAsync(socket);
    }

    [Theory]
    [InlineData("Bearer")]
    [InlineData("Bearer,Second")]
    public async Task Signing_out_over_it_is_with_the_new_token(string schemes)
    {
        await using ConnectedApi api = await StartAsync(AddSecond, schemes: schemes);
        string after = Token();
        using WebSocket socket = await api.OpenSocketAsync(Token(), "/chat");
        using WebSocket another = await api.OpenSocketAsync(after, "/chat");
        (await ContinueAsync(socket, after)).Should().Be("continued");

        await socket.SendAsync("sign out"u8.ToArray(), WebSocketMessageType.Text, endOfMessage: true, TestContext.Current.CancellationToken);

        await Expect.ToEndAsync(another);
    }

    [Fact]
    public async Task Signing_out_over_it_once_it_was_authenticated_again_is_with_both()
    {
        await using ConnectedApi api = await StartAsync();
        string before = Token();
        string after = Token();
        using WebSocket socket = await api.OpenSocketAsync(before, "/chat");
        (await ContinueAsync(socket, after)).Should().Be("continued");

        await socket.SendAsync("authenticate again and sign out"u8.ToArray(), WebSocketMessageType.Text, endOfMessage: true, TestContext.Current.CancellationToken);

        await Expect.ToEndAsync(socket);
        (await api.StatusAsync(before)).Should().Be(HttpStatusCode.Unauthorized);
        (await api.StatusAsync(after)).Should().Be(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task It_does_not_go_on_with_a_token_of_somebody_else()
    {
        await using ConnectedApi api = await StartAsync();
        string before = Token();
        string revoked = Token();
        await api.Revoker.RevokeAsync(revoked, TestContext.Current.CancellationToken);
        using WebSocket socket = await api.OpenSocketAsync(before, "/chat");

        foreach (string token in new[]
        {
            Token(subject: "bob"),
            Token(session: "another"),
            Token(session: null),
            revoked,
            TestTokens.Create(expires: TimeProvider.System.GetUtcNow().AddHours(-1)),
            TestTokens.Create(audience: "another"),
            before[..^4],
            "no token",
        })
        {
            (await ContinueAsync(socket, token)).Should().Be(nameof(SecurityTokenValidationException));
        }

        // It is with the one before still.
        await api.Revoker.RevokeAsync(before, TestContext.Current.CancellationToken);
        await Expect.ToEndAsync(socket);
    }

    [Fact]
    public async Task It_does_not_go_on_with_a_token_that_another_scheme_accepts()
    {
        await using ConnectedApi api = await StartAsync(
            services => services.AddAuthentication("Bearer")
                .AddJwtBearer("Less", scheme => TestApi.UseTestTokens(scheme, less => less.TokenValidationParameters.ValidAudience = "less")));
        using WebSocket socket = await api.OpenSocketAsync(Token(), "/chat");

        string answer = await ContinueAsync(socket, TestTokens.Create(audience: "less", configure: token => token.Claims["sid"] = "s"));

        answer.Should().Be(nameof(SecurityTokenValidationException), "the endpoint would not accept it");
        (await ContinueAsync(socket, Token())).Should().Be("continued");
    }

    [Fact]
    public async Task It_does_not_go_on_with_a_token_that_only_one_of_its_schemes_accepts()
    {
        // That the other one had accepted the token before may be what the endpoint is open for.
        await using ConnectedApi api = await StartAsync(
            services => services.AddAuthentication("Bearer").AddJwtBearer(
                "Strict", scheme => TestApi.UseTestTokens(scheme, strict => strict.TokenValidationParameters.ValidTypes = ["strict+jwt"])),
            schemes: "Bearer,Strict");
        string before = TestTokens.Create(configure: token => (token.TokenType, token.Claims["sid"]) = ("strict+jwt", "s"));
        using WebSocket socket = await api.OpenSocketAsync(before, "/chat");

        (await ContinueAsync(socket, Token())).Should().Be(nameof(SecurityTokenValidationException));

        await api.Revoker.RevokeAsync(before, TestContext.Current.CancellationToken);
        await Expect.ToEndAsync(socket);
    }

    [Fact]
    public async Task It_does_not_go_on_where_nobody_can_tell_from_which_token()
    {
        // Two tokens of the same session, one for each scheme: to replace the wrong one would lose its revocation.
        await using ConnectedApi api = await StartAsync(
            services => services.AddAuthentication("Bearer").AddJwtBearer("Second", scheme => TestApi.UseTestTokens(scheme, second => second.Events = new()
            {
                OnMessageReceived = context =>
                {
                    context.Token = context.Request.Headers["X-Second"];
                    return Task.CompletedTask;
                },
            })),
            schemes: "Bearer,Second");
        (string one, string two) = (Token(), Token());
        using ClientWebSocket socket = new();
        socket.Options.SetRequestHeader("Authorization", $"Bearer {one}");
        socket.Options.SetRequestHeader("X-Second", two);
        await socket.ConnectAsync(new Uri(api.Urls[0].Replace("http", "ws", StringComparison.Ordinal) + "/chat"), TestContext.Current.CancellationToken);

        (await ContinueAsync(socket, Token())).Should().Be(nameof(SecurityTokenValidationException));

        await api.Revoker.RevokeAsync(one, TestContext.Current.CancellationToken);
        await Expect.ToEndAsync(socket);
    }

    public static TheoryData<object?, object?> OtherSessions => new()
    {
        { 1, 2 },
        { true, false },
        { Several, SeveralOthers },
        { Several, "a" },
        { null, "" },
        { new Dictionary<string, object> { ["x"] = 1 }, new Dictionary<string, object> { ["x"] = 2 } },
        { Array.Empty<string>(), null },
    };

    [Theory]
    [MemberData(nameof(OtherSessions), DisableDiscoveryEnumeration = true)]
    public async Task It_does_not_go_on_with_a_token_whose_session_is_not_the_same_text_or_number(object? before, object? after)
    {
        await using ConnectedApi api = await StartAsync();
        using WebSocket socket = await api.OpenSocketAsync(OfSession(before), "/chat");

        (await ContinueAsync(socket, OfSession(after))).Should().Be(nameof(SecurityTokenValidationException));
    }

    [Theory]
    [InlineData(7)]
    [InlineData("7")]
    [InlineData(null)]
    public async Task It_goes_on_with_a_token_of_the_same_session(object? session)
    {
        await using ConnectedApi api = await StartAsync();
        using WebSocket socket = await api.OpenSocketAsync(OfSession(session), "/chat");

        (await ContinueAsync(socket, OfSession(session))).Should().Be("continued");
    }

    [Fact]
    public async Task It_does_not_go_on_from_a_token_that_was_revoked_though_the_store_tells_nobody()
    {
        using FaultyStore store = new();
        FakeTimeProvider withoutLooks = new(TimeProvider.System.GetUtcNow());
        await using ConnectedApi api = await StartAsync(services => services.AddSingleton<IRevokedTokenStore>(store).AddSingleton<TimeProvider>(withoutLooks));
        string before = Token();
        using WebSocket socket = await api.OpenSocketAsync(before, "/chat");
        await api.Revoker.RevokeAsync(before, TestContext.Current.CancellationToken);

        await socket.SendAsync(Encoding.UTF8.GetBytes($"token {Token()}"), WebSocketMessageType.Text, endOfMessage: true, TestContext.Current.CancellationToken);

        await Expect.ToEndAsync(socket);
    }

    [Fact]
    public async Task What_has_ended_does_not_go_on()
    {
        TaskCompletionSource<Exception?> outcome = new(TaskCreationOptions.RunContinuationsAsynchronously);
        string after = Token();
        await using ConnectedApi api = await ConnectedApi.StartAsync(endpoints: app => app.MapGet("/late", async context =>
        {
            TaskCompletionSource revoked = new(TaskCreationOptions.RunContinuationsAsynchronously);
            using CancellationTokenRegistration _ = context.GetTokenRevoked().Register(revoked.SetResult);
            await context.Response.WriteAsync("ready", TestContext.Current.CancellationToken);
            await context.Response.Body.FlushAsync(TestContext.Current.CancellationToken);
            await revoked.Task;
            outcome.SetResult(await Record.ExceptionAsync(() => context.ContinueWithTokenAsync(after, TestContext.Current.CancellationToken)));
        }).RequireAuthorization());
        string before = Token();
        await using Stream open = await api.OpenEventsAsync(before, "/late");

        await api.Revoker.RevokeAsync(before, TestContext.Current.CancellationToken);

        (await outcome.Task.WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken)).Should().BeOfType<SecurityTokenValidationException>();
    }

    [Fact]
    public async Task It_does_not_end_by_a_revoked_token_that_only_the_apps_own_handler_accepts()
    {
        await using ConnectedApi api = await StartAsync(bearer: bearer =>
        {
            bearer.TokenHandlers.Clear();
            bearer.TokenHandlers.Add(new CarelessHandler());
        });
        string revoked = Token();
        await api.Revoker.RevokeAsync(revoked, TestContext.Current.CancellationToken);
        using WebSocket socket = await api.OpenSocketAsync(Token(), "/chat");

        (await ContinueAsync(socket, revoked)).Should().Be(nameof(SecurityTokenValidationException));

        await Expect.ToLiveAsync(socket);
    }

    [Fact]
    public async Task A_token_without_a_subject_continues_nothing()
    {
        await using ConnectedApi api = await StartAsync();
        using WebSocket socket = await api.OpenSocketAsync(TestTokens.Create(configure: token => token.Claims.Remove("sub")), "/chat");

        string answer = await ContinueAsync(socket, TestTokens.Create(configure: token => token.Claims.Remove("sub")));

        answer.Should().Be(nameof(SecurityTokenValidationException), "nothing says that it is the same one's");
    }

    [Fact]
    public async Task A_token_that_another_scheme_accepts_only_afterwards_is_watched_as_well()
    {
        TaskCompletionSource decides = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource goesOn = new(TaskCreationOptions.RunContinuationsAsynchronously);
        string second = Token();
        await using TestApi api = await StartTwoSchemesAsync(
            new()
            {
                OnTokenValidated = async _ =>
                {
                    decides.SetResult();
                    await goesOn.Task;
                },
            },
            app => app.MapGet("/watch", async (HttpContext context, ITokenRevoker revoker) =>
            {
                context.GetTokenRevoked();
                Task<AuthenticateResult> authenticating = context.AuthenticateAsync("Second");
                await decides.Task;
                await context.ContinueWithTokenAsync(Token());
                goesOn.SetResult();
                (await authenticating).Succeeded.Should().BeTrue();
                CancellationToken revoked = context.GetTokenRevoked();
                await revoker.RevokeAsync(second);
                return await IsCancelledAsync(revoked);
            }).RequireAuthorization());

        (await GetAsync(api, "/watch", second)).Should().Be("true");
    }

    [Fact]
    public async Task A_token_that_is_accepted_after_one_that_was_validated_later_is_watched_as_well()
    {
        string first = Token();
        await using TestApi api = await StartTwoSchemesAsync(
            new(),
            app => app.MapGet("/watch", async (HttpContext context, ITokenRevoker revoker) =>
            {
                CancellationToken revoked = context.GetTokenRevoked();
                await revoker.RevokeAsync(first);
                return await IsCancelledAsync(revoked);
            }).RequireAuthorization(),
            ofFirst: new()
            {
                OnTokenValidated = async context =>
                {
                    await context.HttpContext.AuthenticateAsync("Second");
                    context.HttpContext.GetTokenRevoked();
                },
            });

        (await GetAsync(api, "/watch", Token(), first)).Should().Be("true");
    }

    [Fact]
    public async Task What_it_goes_on_with_can_be_signed_out_though_the_scheme_has_refused_the_old_one_meanwhile()
    {
        int asked = 0;
        string next = Token();
        await using TestApi api = await StartTwoSchemesAsync(
            new(),
            app => app.MapGet("/bye", async (HttpContext context, IServiceScopeFactory scopes) =>
            {
                IServiceProvider services = context.RequestServices;
                using (IServiceScope scope = scopes.CreateScope())
                {
                    context.RequestServices = scope.ServiceProvider;
                    (await context.AuthenticateAsync("First")).Succeeded.Should().BeFalse();
                    context.RequestServices = services;
                }

                (await context.AuthenticateAsync("Second")).Succeeded.Should().BeTrue();
                await context.ContinueWithTokenAsync(next);
                await context.SignOutAsync();
            }).RequireAuthorization(),
            ofFirst: new()
            {
                OnTokenValidated = context =>
                {
                    if (++asked == 2)
                    {
                        context.Fail("not twice");
                    }

                    return Task.CompletedTask;
                },
            });

        await GetAsync(api, "/bye", Token("device"));

        (await api.StatusAsync(next)).Should().Be(HttpStatusCode.Unauthorized);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_token_of_a_part_of_the_request_is_watched_as_well(bool isCopy)
    {
        string second = Token();
        await using TestApi api = await StartTwoSchemesAsync(new(), app => app.MapGet("/batch", async (HttpContext context, ITokenRevoker revoker) =>
        {
            context.GetTokenRevoked();
            FeatureCollection features = isCopy ? new() : new(context.Features);
            foreach ((Type type, object feature) in isCopy ? context.Features : Enumerable.Empty<KeyValuePair<Type, object>>())
            {
                features[type] = feature;
            }

            DefaultHttpContext part = new(features);
            await part.AuthenticateAsync("Second");
            CancellationToken revoked = part.GetTokenRevoked();
            await revoker.RevokeAsync(second);
            return await IsCancelledAsync(revoked);
        }).RequireAuthorization());

        (await GetAsync(api, "/batch", second)).Should().Be("true");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task Whoever_asks_again_after_a_lookup_of_the_app_has_failed_is_told(int failing)
    {
        int calls = int.MinValue;
        await using TestApi api = await TestApi.StartAsync(
            bearer =>
            {
                TokenValidationParameters actor = TestTokens.Parameters();
                SecurityKey key = actor.TokenDecryptionKey;
                actor.TokenDecryptionKey = null;
                actor.TokenDecryptionKeyResolver = (_, _, _, _) => calls++ == failing ? throw new HttpRequestException("down") : [key];
                bearer.TokenValidationParameters.ValidateActor = true;
                bearer.TokenValidationParameters.ActorValidationParameters = actor;
            },
            endpoints: app => app.MapGet("/open", async (HttpContext context, ITokenRevoker revoker) =>
            {
                calls = 0;
                try
                {
                    context.GetTokenRevoked();
                }
                catch (HttpRequestException)
                {
                    // It asks again.
                }

                CancellationToken revoked = context.GetTokenRevoked();
                await revoker.RevokeAsync(RevocationTarget.Session(TestTokens.Issuer, "s"));
                return await IsCancelledAsync(revoked);
            }).RequireAuthorization());
        string token = TestTokens.Create(configure: descriptor =>
        {
            descriptor.Claims[JwtRegisteredClaimNames.Sid] = "s";
            descriptor.Claims["actort"] = TestTokens.Create(encrypted: true);
        });

        using HttpResponseMessage response = await api.GetAsync(token, "/open");

        (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Should().Be("true");
    }

    [Fact]
    public async Task However_many_go_on_at_once_beside_whoever_asks_it_has_one_token()
    {
        await using TestApi api = await StartTwoSchemesAsync(new(), app => app.MapGet("/race", async (HttpContext context) =>
        {
            context.GetTokenRevoked();
            for (int i = 0; i < 100; i++)
            {
                await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => context.ContinueWithTokenAsync(Token())))
                    .Append(Task.Run(() =>
                    {
                        for (int j = 0; j < 50; j++)
                        {
                            context.GetTokenRevoked();
                        }
                    })));
            }

            return context.Features.Get<OpenConnection>()!.Tokens.Length;
        }).RequireAuthorization());

        (await GetAsync(api, "/race", Token())).Should().Be("1");
    }

    private static Task<TestApi> StartTwoSchemesAsync(JwtBearerEvents ofSecond, Action<WebApplication> endpoints, JwtBearerEvents? ofFirst = null)
    {
        ofSecond.OnMessageReceived = static context =>
        {
            context.Token = context.Request.Headers["Second"];
            return Task.CompletedTask;
        };
        return TestApi.StartCoreAsync(
            services =>
            {
                services.AddAuthentication("First")
                    .AddJwtBearer("First", bearer => TestApi.UseTestTokens(bearer, first => first.Events = ofFirst ?? new()))
                    .AddJwtBearer("Second", bearer => TestApi.UseTestTokens(bearer, second => second.Events = ofSecond));
                services.AddJwtRevocation();
            },
            endpoints);
    }

    private static async Task<string> GetAsync(TestApi api, string path, string second, string? first = null)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, path);
        request.Headers.Add("Authorization", $"Bearer {first ?? Token()}");
        request.Headers.Add("Second", second);
        using HttpResponseMessage response = await api.Client.SendAsync(request, TestContext.Current.CancellationToken);
        return await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
    }

    private static async Task<bool> IsCancelledAsync(CancellationToken token)
    {
        TaskCompletionSource cancelled = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using CancellationTokenRegistration _ = token.Register(cancelled.SetResult);
        return await Task.WhenAny(cancelled.Task, Task.Delay(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken)) == cancelled.Task;
    }

    [Fact]
    public async Task An_endpoint_can_say_goodbye_first()
    {
        await using ConnectedApi api = await ConnectedApi.StartAsync(endpoints: app => app.MapGet("/polite", async context =>
        {
            using WebSocket socket = await context.WebSockets.AcceptWebSocketAsync();
            TaskCompletionSource revoked = new(TaskCreationOptions.RunContinuationsAsynchronously);
            using CancellationTokenRegistration _ = context.GetTokenRevoked().Register(revoked.SetResult);
            await socket.SendAsync("ready"u8.ToArray(), WebSocketMessageType.Text, endOfMessage: true, context.RequestAborted);
            await revoked.Task.WaitAsync(context.RequestAborted);
            await socket.CloseAsync(WebSocketCloseStatus.PolicyViolation, "signed out", context.RequestAborted);
        }).RequireAuthorization());
        string token = Token();
        using WebSocket socket = await api.OpenSocketAsync(token, "/polite");
        (await ReceiveAsync(socket)).Should().Be("ready");

        await api.Revoker.RevokeAsync(token, TestContext.Current.CancellationToken);

        (await ReceiveAsync(socket)).Should().BeEmpty();
        (socket.CloseStatus, socket.CloseStatusDescription).Should().Be((WebSocketCloseStatus.PolicyViolation, "signed out"));
    }

    [Fact]
    public async Task A_request_without_a_token_has_nothing_to_wait_for()
    {
        await using ConnectedApi api = await ConnectedApi.StartAsync(
            endpoints: app => app.MapGet("/can-be-revoked", (HttpContext context) => context.GetTokenRevoked().CanBeCanceled));

        (await api.Client.GetStringAsync("/can-be-revoked", TestContext.Current.CancellationToken)).Should().Be("false");
        using HttpResponseMessage response = await api.Client.SendAsync(ConnectedApi.Get("/can-be-revoked", Token()), TestContext.Current.CancellationToken);
        (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Should().Be("true");
    }

    private static Task<ConnectedApi> StartAsync(
        Action<IServiceCollection>? services = null, Action<JwtBearerOptions>? bearer = null, string schemes = "Bearer") => ConnectedApi.StartAsync(services, bearer: bearer, endpoints: app => app.MapGet("/chat", async context =>
    {
        using WebSocket socket = await context.WebSockets.AcceptWebSocketAsync();
        while (await ReceiveAsync(socket, context.RequestAborted) is { Length: > 0 } message)
        {
            string answer = message;
            if (message == "authenticate again and sign out")
            {
                // As an error page is that has services of its own.
                await using AsyncServiceScope scope = context.RequestServices.CreateAsyncScope();
                context.RequestServices = scope.ServiceProvider;
                (await context.AuthenticateAsync()).Succeeded.Should().BeTrue();
                await context.SignOutAsync();
                return;
            }

            if (message == "sign out")
            {
                await context.SignOutAsync();
                return;
            }

            if (message.StartsWith("token ", StringComparison.Ordinal))
            {
                try
                {
                    await context.ContinueWithTokenAsync(message["token ".Length..], context.RequestAborted);
                    answer = "continued";
                }
                catch (SecurityTokenValidationException exception)
                {
                    answer = exception.GetType().Name;
                }
            }

            await socket.SendAsync(Encoding.UTF8.GetBytes(answer), WebSocketMessageType.Text, endOfMessage: true, context.RequestAborted);
        }
    }).RequireAuthorization(new AuthorizeAttribute { AuthenticationSchemes = schemes }).EndOnRevocation());

    private static void AddSecond(IServiceCollection services) =>
        services.AddAuthentication("Bearer").AddJwtBearer("Second", scheme => TestApi.UseTestTokens(scheme));

    private static async Task<string> ContinueAsync(WebSocket socket, string token)
    {
        await socket.SendAsync(Encoding.UTF8.GetBytes($"token {token}"), WebSocketMessageType.Text, endOfMessage: true, TestContext.Current.CancellationToken);
        return await ReceiveAsync(socket);
    }

    private static async Task<string> ReceiveAsync(WebSocket socket, CancellationToken? cancellationToken = null)
    {
        byte[] buffer = new byte[8192];
        WebSocketReceiveResult received = await socket.ReceiveAsync(buffer, cancellationToken ?? TestContext.Current.CancellationToken);
        return Encoding.UTF8.GetString(buffer, 0, received.Count);
    }

    private static string OfSession(object? session) => TestTokens.Create(configure: token =>
    {
        if (session is not null)
        {
            token.Claims[JwtRegisteredClaimNames.Sid] = session;
        }
    });

    private static string Token(string subject = "alice", string? session = "s") => TestTokens.Create(
        subject: subject,
        configure: token =>
        {
            if (session is not null)
            {
                token.Claims[JwtRegisteredClaimNames.Sid] = session;
            }
        });

    /// <summary>Does not ask whether a token is revoked.</summary>
    private sealed class CarelessHandler : TokenHandler
    {
        private readonly JsonWebTokenHandler _handler = new();

        public override Task<TokenValidationResult> ValidateTokenAsync(string token, TokenValidationParameters validationParameters)
        {
            TokenValidationParameters parameters = validationParameters.Clone();
            parameters.LifetimeValidator = null;
            return _handler.ValidateTokenAsync(token, parameters);
        }
    }
}
