using System.Net;
using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace JwtRevocation.Tests.SigningOut;

/// <summary>A request with two tokens: that of a user, by the default scheme, and that of a device, which another scheme checks.</summary>
public sealed class SignOutBesideADeviceTests
{
    [Theory]
    [InlineData(false, true)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    [InlineData(true, false)]
    public async Task An_event_of_the_devices_scheme_signs_the_user_out(bool hasTransformation, bool deviceIsValid)
    {
        await using TestApi api = await StartAsync(
            new(),
            new()
            {
                OnTokenValidated = static context => context.HttpContext.SignOutAsync(),
                OnAuthenticationFailed = static context => context.HttpContext.SignOutAsync(),
            },
            static app => app.MapGet("/check", static async (HttpContext context) => (await context.AuthenticateAsync("Device")).Succeeded).RequireAuthorization(),
            services =>
            {
                if (hasTransformation)
                {
                    services.AddSingleton<IClaimsTransformation, Cloning>();
                }
            });
        string user = TestTokens.Create();

        (await GetAsync(api, "/check", user, deviceIsValid ? TestTokens.Create(subject: "device") : "not.a.token")).Should().Be(HttpStatusCode.OK);

        (await api.StatusAsync(user)).Should().Be(HttpStatusCode.Unauthorized);
    }

    [Theory]
    [InlineData("valid")]
    [InlineData("not.a.token")]
    [InlineData("challenged")]
    public async Task So_it_does_where_a_middleware_has_put_the_user_in_place(string how)
    {
        await using TestApi api = await StartAsync(
            new(),
            new()
            {
                OnTokenValidated = static context => context.HttpContext.SignOutAsync(),
                OnAuthenticationFailed = context => how == "challenged" ? Task.CompletedTask : context.HttpContext.SignOutAsync(),
                OnChallenge = context => how == "challenged" ? context.HttpContext.SignOutAsync() : Task.CompletedTask,
            },
            app =>
            {
                app.UseAuthentication();
                app.Use((context, next) =>
                {
                    if (context.User.Identity is { IsAuthenticated: true })
                    {
                        context.User = new(new ClaimsIdentity(context.User.Claims.Append(new("tenant", "one")), "App"));
                    }

                    return next(context);
                });
                app.UseAuthorization();
                app.MapGet("/check", async (HttpContext context) =>
                {
                    if (how == "challenged")
                    {
                        await context.ChallengeAsync("Device");
                    }
                    else
                    {
                        await context.AuthenticateAsync("Device");
                    }
                }).RequireAuthorization();
            });
        string user = TestTokens.Create();

        await GetAsync(api, "/check", user, how == "valid" ? TestTokens.Create(subject: "device") : "not.a.token");

        (await api.StatusAsync(user)).Should().Be(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task The_challenge_of_an_endpoint_for_devices_leaves_the_user_alone()
    {
        await using TestApi api = await StartAsync(
            new(),
            new() { OnChallenge = static context => context.HttpContext.SignOutAsync() },
            static app => app.MapGet("/check", static () => "ok").RequireAuthorization(static policy => policy.AddAuthenticationSchemes("Device").RequireAuthenticatedUser()));
        string user = TestTokens.Create();

        (await GetAsync(api, "/check", user, "not.a.token")).Should().Be(HttpStatusCode.Unauthorized);

        (await api.StatusAsync(user)).Should().Be(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_device_whose_principal_took_the_user_in_is_left_alone_in_whichever_order(bool userFirst)
    {
        await using TestApi api = await StartAsync(
            new(),
            new()
            {
                OnTokenValidated = context =>
                {
                    (IEnumerable<ClaimsIdentity> user, IEnumerable<ClaimsIdentity> device) = (context.HttpContext.User.Identities, context.Principal!.Identities);
                    context.Principal = new(userFirst ? user.Concat(device) : device.Concat(user));
                    return Task.CompletedTask;
                },
            },
            static app => app.MapGet("/bye", static async (HttpContext context) =>
            {
                await context.AuthenticateAsync("Device");
                await context.SignOutAsync();
            }).RequireAuthorization());
        string user = TestTokens.Create();
        string device = TestTokens.Create(subject: "device");

        (await GetAsync(api, "/bye", user, device)).Should().Be(HttpStatusCode.OK);

        (await api.StatusAsync(user)).Should().Be(HttpStatusCode.Unauthorized);
        (await api.StatusAsync(device)).Should().Be(HttpStatusCode.OK);
    }

    [Fact]
    public async Task An_event_of_the_users_scheme_leaves_the_device_alone()
    {
        bool isDisabled = true;
        await using TestApi api = await StartAsync(
            new() { OnTokenValidated = context => isDisabled ? context.HttpContext.SignOutAsync() : Task.CompletedTask },
            new(),
            static app =>
            {
                app.Use(async (context, next) =>
                {
                    await context.AuthenticateAsync("Device");
                    await next(context);
                });
                app.UseAuthentication();
                app.UseAuthorization();
            });
        string user = TestTokens.Create();
        string device = TestTokens.Create(subject: "device");
        (await GetAsync(api, "/me", user, device)).Should().Be(HttpStatusCode.OK);

        isDisabled = false;
        (await api.StatusAsync(user)).Should().Be(HttpStatusCode.Unauthorized);
        (await api.StatusAsync(device)).Should().Be(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_sign_out_without_a_user_leaves_the_device_alone()
    {
        await using TestApi api = await StartAsync(new(), new(), static app => app.MapGet("/bye", static async (HttpContext context) =>
        {
            await context.AuthenticateAsync("Device");
            await context.SignOutAsync();
        }));
        string device = TestTokens.Create(subject: "device");

        (await GetAsync(api, "/bye", TestTokens.Create(expires: TimeProvider.System.GetUtcNow().AddHours(-1)), device)).Should().Be(HttpStatusCode.Unauthorized);

        (await api.StatusAsync(device)).Should().Be(HttpStatusCode.OK);
    }

    private static Task<TestApi> StartAsync(
        JwtBearerEvents ofUser, JwtBearerEvents ofDevice, Action<WebApplication> endpoints, Action<IServiceCollection>? more = null)
    {
        ofDevice.OnMessageReceived = static context =>
        {
            context.Token = context.Request.Headers["Device"];
            return Task.CompletedTask;
        };
        return TestApi.StartCoreAsync(
            services =>
            {
                services.AddAuthentication("User")
                    .AddJwtBearer("User", bearer => TestApi.UseTestTokens(bearer, user => user.Events = ofUser))
                    .AddJwtBearer("Device", bearer => TestApi.UseTestTokens(bearer, device => device.Events = ofDevice));
                services.AddJwtRevocation();
                more?.Invoke(services);
            },
            endpoints);
    }

    private static async Task<HttpStatusCode> GetAsync(TestApi api, string path, string user, string device)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, path);
        request.Headers.Add("Authorization", $"Bearer {user}");
        request.Headers.Add("Device", device);
        using HttpResponseMessage response = await api.Client.SendAsync(request, TestContext.Current.CancellationToken);
        return response.StatusCode;
    }

#pragma warning disable CA1812 // The app's services make it.
    private sealed class Cloning : IClaimsTransformation
#pragma warning restore CA1812
    {
        public Task<ClaimsPrincipal> TransformAsync(ClaimsPrincipal principal) =>
            Task.FromResult(new ClaimsPrincipal(principal.Identities.Select(static identity => identity.Clone())));
    }
}
