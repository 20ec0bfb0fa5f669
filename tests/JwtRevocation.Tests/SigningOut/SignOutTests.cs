using System.Net;
using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace JwtRevocation.Tests.SigningOut;

public sealed class SignOutTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Signs_out_the_token_of_the_request_and_no_other(bool saveToken)
    {
        await using TestApi api = await TestApi.StartAsync(bearer => bearer.SaveToken = saveToken);
        string token = TestTokens.Create();
        string sameUser = TestTokens.Create();

        using HttpResponseMessage signOut = await api.SignOutAsync(token);

        signOut.StatusCode.Should().Be(HttpStatusCode.OK);
        using HttpResponseMessage refused = await api.GetAsync(token);
        refused.ShouldBeRevoked();
        (await api.StatusAsync(sameUser)).Should().Be(HttpStatusCode.OK);
    }

    [Fact]
    public async Task SignOutAsync_works_from_an_endpoint_that_answers_by_itself()
    {
        await using TestApi api = await TestApi.StartAsync(endpoints: app => app.MapPost("/bye", async (HttpContext context) =>
        {
            await context.SignOutAsync();
            return "bye";
        }).RequireAuthorization());
        string token = TestTokens.Create();

        using HttpResponseMessage signOut = await api.SignOutAsync(token, "/bye");

        signOut.StatusCode.Should().Be(HttpStatusCode.OK);
        (await api.StatusAsync(token)).Should().Be(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Works_in_a_part_of_a_request_that_has_items_of_its_own_as_those_of_an_OData_batch()
    {
        await using TestApi api = await TestApi.StartAsync(endpoints: app => app.MapPost("/bye", async (HttpContext context) =>
        {
            FeatureCollection features = new(context.Features);
            features.Set<IItemsFeature>(new ItemsFeature());
            DefaultHttpContext part = new(features);
            part.GetTokenRevoked().CanBeCanceled.Should().BeTrue();
            await part.SignOutAsync();
        }).RequireAuthorization());
        string token = TestTokens.Create();

        using HttpResponseMessage signOut = await api.SignOutAsync(token, "/bye");

        signOut.StatusCode.Should().Be(HttpStatusCode.OK);
        (await api.StatusAsync(token)).Should().Be(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Works_with_a_token_from_a_cookie()
    {
        await using TestApi api = await TestApi.StartAsync(bearer => bearer.Events = new()
        {
            OnMessageReceived = context =>
            {
                context.Token = context.Request.Cookies["token"];
                return Task.CompletedTask;
            },
        });
        string token = TestTokens.Create();

        (await SendWithCookieAsync(HttpMethod.Get, "/me")).Should().Be(HttpStatusCode.OK);
        (await SendWithCookieAsync(HttpMethod.Post, "/sign-out")).Should().Be(HttpStatusCode.OK);
        (await SendWithCookieAsync(HttpMethod.Get, "/me")).Should().Be(HttpStatusCode.Unauthorized);

        async Task<HttpStatusCode> SendWithCookieAsync(HttpMethod method, string path)
        {
            using HttpRequestMessage request = new(method, path);
            request.Headers.Add("Cookie", $"token={token}");
            using HttpResponseMessage response = await api.Client.SendAsync(request, TestContext.Current.CancellationToken);
            return response.StatusCode;
        }
    }

    [Fact]
    public async Task An_events_type_stays_in_force_with_one_instance_for_a_request()
    {
        await using TestApi api = await TestApi.StartAsync(
            bearer => bearer.EventsType = typeof(CountingEvents),
            services: services => services.AddTransient<CountingEvents>());
        string token = TestTokens.Create();

        using HttpResponseMessage me = await api.GetAsync(token);
        me.StatusCode.Should().Be(HttpStatusCode.OK);
        me.Headers.GetValues("Events").Should().Equal("received, validated");

        using HttpResponseMessage signOut = await api.SignOutAsync(token);
        signOut.StatusCode.Should().Be(HttpStatusCode.OK);

        using HttpResponseMessage refused = await api.GetAsync(token);
        refused.ShouldBeRevoked();
        refused.Headers.GetValues("Events").Should().Equal("received, failed, challenged");
    }

    [Fact]
    public async Task Events_of_the_app_stay_in_force_and_see_the_description()
    {
        List<string> seen = [];
        await using TestApi api = await TestApi.StartAsync(bearer => bearer.Events = new()
        {
            OnMessageReceived = _ => Record("received"),
            OnTokenValidated = async _ =>
            {
                await Task.Yield();
                await Record("validated");
            },
            OnAuthenticationFailed = context => Record("failed: " + context.Exception.GetType().Name),
            OnChallenge = context => Record("challenged: " + context.ErrorDescription),
        });
        string token = TestTokens.Create();
        using HttpResponseMessage signOut = await api.SignOutAsync(token);
        using HttpResponseMessage refused = await api.GetAsync(token);

        refused.ShouldBeRevoked();
        seen.Should().Equal("received", "validated", "received", "failed: SecurityTokenRevokedException", "challenged: The token was revoked");

        Task Record(string what)
        {
            seen.Add(what);
            return Task.CompletedTask;
        }
    }

    [Fact]
    public async Task A_token_that_the_app_itself_refuses_is_not_signed_out()
    {
        await using TestApi api = await TestApi.StartAsync(
            bearer => bearer.Events = new()
            {
                OnTokenValidated = context =>
                {
                    if (context.Request.Headers.ContainsKey("Refuse"))
                    {
                        context.Fail("the app does not want it");
                    }

                    return Task.CompletedTask;
                },
            },
            endpoints: app => app.MapPost("/open-sign-out", () => TypedResults.SignOut()));
        string token = TestTokens.Create();
        using HttpRequestMessage request = new(HttpMethod.Post, "/open-sign-out");
        request.Headers.Add("Authorization", $"Bearer {token}");
        request.Headers.Add("Refuse", "yes");

        using HttpResponseMessage signOut = await api.Client.SendAsync(request, TestContext.Current.CancellationToken);

        signOut.StatusCode.Should().Be(HttpStatusCode.Unauthorized);
        (await api.StatusAsync(token)).Should().Be(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_token_that_came_with_the_request_is_signed_out_whatever_the_app_puts_in_its_place(bool later)
    {
        await using TestApi api = await TestApi.StartAsync(bearer => bearer.Events = new()
        {
            OnTokenValidated = async context =>
            {
                if (later)
                {
                    await Task.Yield();
                }

                context.SecurityToken = FastToken.Read(TestTokens.Create());
            },
        });
        string token = TestTokens.Create();

        using HttpResponseMessage signOut = await api.SignOutAsync(token);

        signOut.StatusCode.Should().Be(HttpStatusCode.OK);
        using HttpResponseMessage refused = await api.GetAsync(token);
        refused.ShouldBeRevoked();
    }

    [Theory]
    [InlineData(null)]
    [InlineData("not a token")]
    public async Task Without_a_validated_token_it_has_no_effect_and_answers_401(string? token)
    {
        await using TestApi api = await TestApi.StartAsync(endpoints: app => app.MapPost("/open-sign-out", () => TypedResults.SignOut()));

        using HttpResponseMessage signOut = await api.SendAsync(HttpMethod.Post, "/open-sign-out", token);

        signOut.StatusCode.Should().Be(HttpStatusCode.Unauthorized);
        signOut.Challenge().Should().StartWith("Bearer");
        api.Services.GetRequiredService<IRevokedTokenStore>().Should().BeOfType<InMemoryRevokedTokenStore>().Which.Count.Should().Be(0);
    }

    [Fact]
    public async Task A_forged_token_signs_nobody_out()
    {
        await using TestApi api = await TestApi.StartAsync(endpoints: app => app.MapPost("/open-sign-out", () => TypedResults.SignOut()));
        string victim = TestTokens.Create();
        string[] parts = victim.Split('.');
        string forged = $"{parts[0]}.{TestTokens.Create().Split('.')[1]}.{parts[2]}";

        using HttpResponseMessage signOut = await api.SignOutAsync(forged, "/open-sign-out");

        signOut.StatusCode.Should().Be(HttpStatusCode.Unauthorized);
        (await api.StatusAsync(victim)).Should().Be(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Works_with_encrypted_tokens(bool securityTokenValidators)
    {
        await using TestApi api = await TestApi.StartAsync(bearer => bearer.UseSecurityTokenValidators = securityTokenValidators);
        string token = TestTokens.Create(encrypted: true);
        (await api.StatusAsync(token)).Should().Be(HttpStatusCode.OK);

        using HttpResponseMessage signOut = await api.SignOutAsync(token);

        signOut.StatusCode.Should().Be(HttpStatusCode.OK);
        (await api.StatusAsync(token)).Should().Be(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task With_several_schemes_only_the_tokens_that_authenticated_the_user_are_signed_out()
    {
        // Two schemes, each with a token of its own in the same request. The first is the default one.
        await using TestApi api = await TestApi.StartCoreAsync(
            services =>
            {
                services.AddAuthentication("First")
                    .AddJwtBearer("First", bearer => TestApi.UseTestTokens(bearer))
                    .AddJwtBearer("Second", bearer => TestApi.UseTestTokens(bearer, second => second.Events = new()
                    {
                        OnMessageReceived = context =>
                        {
                            context.Token = context.Request.Headers["Second"];
                            return Task.CompletedTask;
                        },
                    }));
                services.AddJwtRevocation();
            },
            app =>
            {
                app.MapPost("/second", () => TypedResults.SignOut()).RequireAuthorization(Policy("Second"));
                app.MapPost("/both", () => TypedResults.SignOut()).RequireAuthorization(Policy("First", "Second"));
                app.MapPost("/open", () => TypedResults.SignOut());
            });

        (await SignOutAsync("/second")).Should().Be((true, false));
        (await SignOutAsync("/sign-out")).Should().Be((false, true));
        (await SignOutAsync("/open")).Should().Be((false, true));
        (await SignOutAsync("/both")).Should().Be((false, false));

        async Task<(bool First, bool Second)> SignOutAsync(string path)
        {
            string first = TestTokens.Create();
            string second = TestTokens.Create();
            using HttpRequestMessage request = new(HttpMethod.Post, path);
            request.Headers.Add("Authorization", $"Bearer {first}");
            request.Headers.Add("Second", second);
            using HttpResponseMessage response = await api.Client.SendAsync(request, TestContext.Current.CancellationToken);
            response.StatusCode.Should().Be(HttpStatusCode.OK);
            return (await api.StatusAsync(first) == HttpStatusCode.OK, await api.StatusAsync(second) == HttpStatusCode.OK);
        }

        static AuthorizationPolicy Policy(params string[] schemes) =>
            new AuthorizationPolicyBuilder(schemes).RequireAuthenticatedUser().Build();
    }

    [Fact]
    public async Task Works_when_a_middleware_puts_another_user_in_place()
    {
        await using TestApi api = await TestApi.StartAsync(endpoints: app =>
        {
            app.UseAuthentication();
            app.Use((context, next) =>
            {
                context.User = new ClaimsPrincipal(new ClaimsIdentity(context.User.Claims, context.User.Identity?.AuthenticationType));
                return next(context);
            });
            app.UseAuthorization();
        });
        string token = TestTokens.Create();

        using HttpResponseMessage signOut = await api.SignOutAsync(token);

        signOut.StatusCode.Should().Be(HttpStatusCode.OK);
        (await api.StatusAsync(token)).Should().Be(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Works_behind_a_handler_that_asks_JwtBearer_and_makes_a_ticket_of_its_own()
    {
        await using TestApi api = await TestApi.StartCoreAsync(services =>
        {
            services.AddAuthentication("JwtOrKey")
                .AddScheme<AuthenticationSchemeOptions, JwtOrKeyHandler>("JwtOrKey", null)
                .AddJwtBearer(bearer => TestApi.UseTestTokens(bearer));
            services.AddJwtRevocation();
        });
        string token = TestTokens.Create();

        using HttpResponseMessage signOut = await api.SignOutAsync(token);

        signOut.StatusCode.Should().Be(HttpStatusCode.OK);
        (await api.StatusAsync(token)).Should().Be(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task A_token_that_was_checked_beside_the_users_stays_valid_though_its_principal_took_the_user_in()
    {
        await using TestApi api = await TestApi.StartCoreAsync(
            services =>
            {
                services.AddAuthentication("First")
                    .AddJwtBearer("First", bearer => TestApi.UseTestTokens(bearer))
                    .AddJwtBearer("Device", bearer => TestApi.UseTestTokens(bearer, device => device.Events = new()
                    {
                        OnMessageReceived = context =>
                        {
                            context.Token = context.Request.Headers["Device"];
                            return Task.CompletedTask;
                        },
                        OnTokenValidated = context =>
                        {
                            context.Principal!.AddIdentities(context.HttpContext.User.Identities);
                            return Task.CompletedTask;
                        },
                    }));
                services.AddJwtRevocation();
            },
            app => app.MapPost("/bye", async context =>
            {
                (await context.AuthenticateAsync("Device")).Succeeded.Should().BeTrue();
                await context.SignOutAsync();
            }).RequireAuthorization());
        string user = TestTokens.Create();
        string device = TestTokens.Create(subject: "device");
        using HttpRequestMessage request = new(HttpMethod.Post, "/bye");
        request.Headers.Add("Authorization", $"Bearer {user}");
        request.Headers.Add("Device", device);

        using HttpResponseMessage signOut = await api.Client.SendAsync(request, TestContext.Current.CancellationToken);

        signOut.StatusCode.Should().Be(HttpStatusCode.OK);
        (await api.StatusAsync(user)).Should().Be(HttpStatusCode.Unauthorized);
        (await api.StatusAsync(device)).Should().Be(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData(false, false, HttpStatusCode.OK)]
    [InlineData(false, true, HttpStatusCode.OK)]
    [InlineData(true, false, HttpStatusCode.Redirect)]
    [InlineData(true, true, HttpStatusCode.Redirect)]
    public async Task Works_where_a_middleware_has_made_the_user_of_a_token_though_cookies_are_the_default(
        bool hasNewIdentity, bool withCookie, HttpStatusCode expected)
    {
        await using TestApi api = await TestApi.StartCoreAsync(
            services =>
            {
                services.AddAuthentication("Cookies").AddCookie("Cookies").AddJwtBearer(bearer => TestApi.UseTestTokens(bearer, more => more.Events = new()
                {
                    OnTokenValidated = context =>
                    {
                        context.Principal!.AddIdentity(new([new("role", "reader")], "App"));
                        return Task.CompletedTask;
                    },
                }));
                services.AddAuthorization();
                services.AddJwtRevocation();
            },
            app =>
            {
                app.UseAuthentication();
                app.Use(async (context, next) =>
                {
                    if (await context.AuthenticateAsync("Bearer") is { Succeeded: true } result)
                    {
                        context.User = hasNewIdentity ? new(result.Principal.Identities.Select(static identity => identity.Clone())) : new(result.Principal.Identity!);
                    }

                    await next(context);
                });
                app.UseAuthorization();
                app.MapPost("/cookie", (HttpContext context) => context.SignInAsync("Cookies", new(new ClaimsIdentity([new("sub", "alice")], "password"))));
                app.MapPost("/bye", () => TypedResults.SignOut(authenticationSchemes: [JwtRevocationDefaults.AuthenticationScheme])).RequireAuthorization();
            });
        string token = TestTokens.Create();
        using HttpResponseMessage signIn = await api.SendAsync(HttpMethod.Post, "/cookie", null);
        using HttpRequestMessage request = new(HttpMethod.Post, "/bye");
        request.Headers.Add("Authorization", $"Bearer {token}");
        request.Headers.Add("Cookie", withCookie ? [signIn.Headers.GetValues("Set-Cookie").Single().Split(';')[0]] : []);

        using HttpResponseMessage signOut = await api.Client.SendAsync(request, TestContext.Current.CancellationToken);

        // Of another identity nobody can tell that it comes from the token; then it must not look like success.
        signOut.StatusCode.Should().Be(expected);
        using HttpResponseMessage again = await api.SignOutAsync(token, "/bye");
        again.StatusCode.Should().Be(expected == HttpStatusCode.OK ? HttpStatusCode.Redirect : expected);
    }

    [Fact]
    public async Task Does_not_take_over_from_a_scheme_of_the_app_that_can_sign_out()
    {
        await using TestApi api = await TestApi.StartCoreAsync(
            services =>
            {
                services.AddAuthentication(CookieAuthenticationDefaults.AuthenticationScheme)
                    .AddCookie()
                    .AddJwtBearer(bearer => TestApi.UseTestTokens(bearer));
                services.AddJwtRevocation();
            },
            app =>
            {
                app.MapPost("/default", () => TypedResults.SignOut());
                app.MapPost("/named", () => TypedResults.SignOut(authenticationSchemes: [JwtRevocationDefaults.AuthenticationScheme]))
                    .RequireAuthorization(new AuthorizationPolicyBuilder(JwtBearerDefaults.AuthenticationScheme).RequireAuthenticatedUser().Build());
            });
        string token = TestTokens.Create();

        using HttpResponseMessage byDefault = await api.SignOutAsync(token, "/default");
        byDefault.Headers.GetValues("Set-Cookie").Should().ContainSingle(cookie => cookie.StartsWith(".AspNetCore.Cookies=;"));

        using HttpResponseMessage named = await api.SignOutAsync(token, "/named");
        named.StatusCode.Should().Be(HttpStatusCode.OK);
        using HttpResponseMessage again = await api.SignOutAsync(token, "/named");
        again.ShouldBeRevoked();
    }

    [Theory]
    [InlineData("policy names the forwarding scheme")]
    [InlineData("forwarding scheme is the default")]
    [InlineData("bearer scheme forwards")]
    [InlineData("semicolon in the name")]
    public async Task Works_through_schemes_that_forward(string how)
    {
        string name = how == "semicolon in the name" ? "Bearer;own" : "Bearer";
        await using TestApi api = await TestApi.StartCoreAsync(
            services =>
            {
                AuthenticationBuilder authentication = services.AddAuthentication(how == "forwarding scheme is the default" ? "Smart" : name)
                    .AddJwtBearer(name, bearer => TestApi.UseTestTokens(bearer, more =>
                        more.ForwardDefaultSelector = how == "bearer scheme forwards" ? _ => "Other" : null))
                    .AddJwtBearer("Other", bearer => TestApi.UseTestTokens(bearer))
                    .AddPolicyScheme("Smart", null, smart =>
                    {
                        smart.ForwardDefault = name;
                        smart.ForwardSignOut = JwtRevocationDefaults.AuthenticationScheme;
                    });
                services.AddJwtRevocation();
            },
            app =>
            {
                AuthorizationPolicy policy = new AuthorizationPolicyBuilder(how == "policy names the forwarding scheme" ? "Smart" : name).RequireAuthenticatedUser().Build();
                app.MapGet("/policy", () => "in").RequireAuthorization(policy);
                app.MapPost("/policy", () => TypedResults.SignOut()).RequireAuthorization(policy);
            });

        foreach (string path in how == "forwarding scheme is the default" ? new[] { "/me /sign-out" } : ["/policy /policy", "/me /sign-out"])
        {
            string[] paths = path.Split(' ');
            string token = TestTokens.Create();
            (await api.StatusAsync(token, paths[0])).Should().Be(HttpStatusCode.OK);
            using HttpResponseMessage signOut = await api.SignOutAsync(token, paths[1]);
            signOut.StatusCode.Should().Be(HttpStatusCode.OK);
            (await api.StatusAsync(token, paths[0])).Should().Be(HttpStatusCode.Unauthorized);
        }
    }

    [Fact]
    public async Task Takes_over_where_the_users_are_authenticated_by_bearer_tokens_and_signing_in_is_for_something_else()
    {
        // As with Identity, whose external logins are the default scheme for signing in.
        await using TestApi api = await TestApi.StartCoreAsync(services =>
        {
            services.AddAuthentication(options => options.DefaultSignInScheme = "External").AddCookie("External");
            services.AddAuthentication("Bearer").AddJwtBearer(bearer => TestApi.UseTestTokens(bearer));
            services.AddJwtRevocation();
        });
        string token = TestTokens.Create();

        using HttpResponseMessage signOut = await api.SignOutAsync(token);

        signOut.StatusCode.Should().Be(HttpStatusCode.OK);
        (await api.StatusAsync(token)).Should().Be(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task A_user_with_a_cookie_has_nothing_to_sign_out_here_and_is_not_challenged()
    {
        await using TestApi api = await TestApi.StartCoreAsync(
            services =>
            {
                services.AddAuthentication("Cookies").AddCookie("Cookies").AddJwtBearer(bearer => TestApi.UseTestTokens(bearer));
                services.AddJwtRevocation();
            },
            app =>
            {
                app.MapPost("/cookie", (HttpContext context) => context.SignInAsync("Cookies", new(new ClaimsIdentity([new("sub", "alice")], "password"))));
                app.MapPost("/both", () => TypedResults.SignOut(authenticationSchemes: ["Cookies", JwtRevocationDefaults.AuthenticationScheme])).RequireAuthorization();
            });
        using HttpResponseMessage signIn = await api.SendAsync(HttpMethod.Post, "/cookie", null);
        using HttpRequestMessage request = new(HttpMethod.Post, "/both");
        request.Headers.Add("Cookie", signIn.Headers.GetValues("Set-Cookie").Single().Split(';')[0]);

        using HttpResponseMessage signOut = await api.Client.SendAsync(request, TestContext.Current.CancellationToken);

        signOut.StatusCode.Should().Be(HttpStatusCode.OK);
        signOut.Headers.GetValues("Set-Cookie").Should().ContainSingle(cookie => cookie.StartsWith(".AspNetCore.Cookies=;"));
    }

    [Fact]
    public async Task Events_that_the_app_sets_on_its_options_later_are_called()
    {
        await using TestApi api = await TestApi.StartAsync(bearer => bearer.Events = new() { OnTokenValidated = Say("first") });
        JwtBearerEvents events = api.Services.GetRequiredService<IOptionsMonitor<JwtBearerOptions>>().Get("Bearer").Events;
        Func<TokenValidatedContext, Task> earlier = events.OnTokenValidated;
        events.OnTokenValidated = async context =>
        {
            await earlier(context);
            await Say("second")(context);
        };

        using HttpResponseMessage response = await api.GetAsync(TestTokens.Create());

        response.Headers.GetValues("Said").Should().Equal("first", "second");

        static Func<TokenValidatedContext, Task> Say(string what) => context =>
        {
            context.Response.Headers.Append("Said", what);
            return Task.CompletedTask;
        };
    }

    [Fact]
    public async Task Two_schemes_with_an_events_type_have_an_instance_each()
    {
        await using TestApi api = await TestApi.StartCoreAsync(
            services =>
            {
                services.AddTransient<CountingEvents>();
                services.AddAuthentication()
                    .AddJwtBearer("First", bearer => TestApi.UseTestTokens(bearer, first => first.EventsType = typeof(CountingEvents)))
                    .AddJwtBearer("Second", bearer => TestApi.UseTestTokens(bearer, second => second.EventsType = typeof(CountingEvents)));
                services.AddJwtRevocation();
            },
            app => app.MapGet("/both", () => "in").RequireAuthorization(new AuthorizationPolicyBuilder("First", "Second").RequireAuthenticatedUser().Build()));

        using HttpResponseMessage response = await api.GetAsync(TestTokens.Create(), "/both");

        response.Headers.GetValues("Events").Should().Equal("received, validated");
    }

    [Fact]
    public async Task The_client_that_hangs_up_is_signed_out_all_the_same()
    {
        await using TestApi api = await TestApi.StartAsync(endpoints: app => app.MapPost("/hang-up", async (HttpContext context) =>
        {
            context.RequestAborted = new CancellationToken(canceled: true);
            await context.SignOutAsync();
        }).RequireAuthorization());
        string token = TestTokens.Create();

        using HttpResponseMessage signOut = await api.SignOutAsync(token, "/hang-up");

        (await api.StatusAsync(token)).Should().Be(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task No_description_without_error_details()
    {
        await using TestApi api = await TestApi.StartAsync(bearer => bearer.IncludeErrorDetails = false);
        string token = TestTokens.Create();
        using HttpResponseMessage signOut = await api.SignOutAsync(token);

        using HttpResponseMessage refused = await api.GetAsync(token);

        refused.StatusCode.Should().Be(HttpStatusCode.Unauthorized);
        refused.Challenge().Should().Be("Bearer");
    }

    private sealed class CountingEvents : JwtBearerEvents
    {
        private readonly List<string> _seen = [];

        public override Task MessageReceived(MessageReceivedContext context) => Record("received", context.Response);

        public override Task TokenValidated(TokenValidatedContext context) => Record("validated", context.Response);

        public override Task AuthenticationFailed(AuthenticationFailedContext context) => Record("failed", context.Response);

        public override Task Challenge(JwtBearerChallengeContext context) => Record("challenged", context.Response);

        private Task Record(string what, HttpResponse response)
        {
            _seen.Add(what);
            response.Headers["Events"] = string.Join(", ", _seen);
            return Task.CompletedTask;
        }
    }

#pragma warning disable CA1812 // The authentication services make it.
    private sealed class JwtOrKeyHandler(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder)
#pragma warning restore CA1812
        : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
    {
        protected override async Task<AuthenticateResult> HandleAuthenticateAsync() =>
            await Context.AuthenticateAsync("Bearer") is { Succeeded: true } jwt
                ? AuthenticateResult.Success(new(jwt.Principal, Scheme.Name))
                : AuthenticateResult.NoResult();
    }
}
