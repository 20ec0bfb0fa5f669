using System.Net;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Tokens;

namespace JwtRevocation.Tests.Registration;

public sealed class RegistrationTests
{
    public static TheoryData<string> Orders => ["before", "after", "twice", "around"];

    [Theory]
    [MemberData(nameof(Orders))]
    public async Task Works_before_and_after_AddJwtBearer_and_called_twice(string order)
    {
        await using TestApi api = await TestApi.StartCoreAsync(services =>
        {
            if (order is "before" or "around")
            {
                services.AddJwtRevocation();
            }

            services.AddAuthentication().AddJwtBearer(bearer => TestApi.UseTestTokens(bearer));
            if (order is not "before")
            {
                services.AddJwtRevocation();
            }

            if (order is "twice")
            {
                services.AddJwtRevocation();
            }
        });
        await AssertSignOutWorksAsync(api);
    }

    [Fact]
    public async Task Nothing_that_the_app_configures_later_takes_it_out_again()
    {
        await using TestApi api = await TestApi.StartAsync(services: services =>
        {
            // As integration tests do, to swap keys and events.
            services.PostConfigureAll<JwtBearerOptions>(bearer =>
            {
                bearer.TokenValidationParameters = TestTokens.Parameters();
                bearer.Events = new JwtBearerEvents();
            });
            services.PostConfigure<JwtBearerOptions>(JwtBearerDefaults.AuthenticationScheme, bearer => bearer.TokenValidationParameters.LifetimeValidator = (_, _, _, _) => true);
        });
        await AssertSignOutWorksAsync(api);
    }

    [Fact]
    public async Task A_delegate_of_the_app_goes_on_deciding_about_the_times()
    {
        bool open = true;
        await using TestApi api = await TestApi.StartAsync(bearer => bearer.TokenValidationParameters.LifetimeValidator = (_, _, _, _) => open);
        string expired = TestTokens.Create(expires: TimeProvider.System.GetUtcNow() - TimeSpan.FromDays(1));
        (await api.StatusAsync(expired)).Should().Be(HttpStatusCode.OK);

        open = false;
        (await api.StatusAsync(TestTokens.Create())).Should().Be(HttpStatusCode.Unauthorized);

        open = true;
        using HttpResponseMessage signOut = await api.SignOutAsync(expired);
        (await api.StatusAsync(expired)).Should().Be(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Only_the_named_schemes_are_covered()
    {
        await using TestApi api = await StartTwoSchemesAsync(options => options.Schemes.Add("Covered"));
        string token = TestTokens.Create();

        (await StatusAsync(HttpMethod.Post, "/covered")).Should().Be(HttpStatusCode.OK);
        (await StatusAsync(HttpMethod.Post, "/covered")).Should().Be(HttpStatusCode.Unauthorized);

        // Signing out of a scheme that is not covered cannot work, and does not pretend to.
        (await StatusAsync(HttpMethod.Post, "/other")).Should().Be(HttpStatusCode.Unauthorized);
        (await StatusAsync(HttpMethod.Get, "/other")).Should().Be(HttpStatusCode.OK);

        async Task<HttpStatusCode> StatusAsync(HttpMethod method, string path)
        {
            using HttpResponseMessage response = await api.SendAsync(method, path, token);
            return response.StatusCode;
        }
    }

    [Fact]
    public async Task All_schemes_are_covered_by_default()
    {
        await using TestApi api = await StartTwoSchemesAsync(_ => { });
        string token = TestTokens.Create();
        using HttpResponseMessage signOut = await api.SignOutAsync(token, "/covered");

        (await api.StatusAsync(token, "/other")).Should().Be(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Options_come_from_a_configuration_section()
    {
        IConfiguration configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["JwtRevocation:Schemes:0"] = "Bearer",
            ["JwtRevocation:WhenUnavailable"] = "Allow",
            ["JwtRevocation:RetentionMargin"] = "00:10:00",
        }).Build();
        await using TestApi api = await TestApi.StartCoreAsync(services =>
        {
            services.AddAuthentication().AddJwtBearer(bearer => TestApi.UseTestTokens(bearer));
            services.AddJwtRevocation(configuration.GetSection("JwtRevocation"));
        });

        JwtRevocationOptions options = api.Services.GetRequiredService<IOptions<JwtRevocationOptions>>().Value;

        options.Schemes.Should().Equal("Bearer");
        options.WhenUnavailable.Should().Be(WhenUnavailable.Allow);
        options.RetentionMargin.Should().Be(TimeSpan.FromMinutes(10));
        await AssertSignOutWorksAsync(api);
    }

    public static TheoryData<string, string> WrongOptions => new()
    {
        { "RetentionMargin=-00:00:01", "JwtRevocationOptions.RetentionMargin*'-00:00:01'" },
        { "MaxTokenLifetime=00:00:00", "JwtRevocationOptions.MaxTokenLifetime*'00:00:00'" },
        { "WhenUnavailable=7", "JwtRevocationOptions.WhenUnavailable*'7'" },
        { "Schemes:0=Baerer", "JwtRevocationOptions.Schemes*'Baerer'" },
        { "Schemes:0=JwtRevocation", "JwtRevocationOptions.Schemes*'JwtRevocation'" },
        { "RetentionMargin=soon", "*RetentionMargin*" },
    };

    [Theory]
    [MemberData(nameof(WrongOptions))]
    public async Task Wrong_options_stop_the_app_at_its_start_and_are_named(string setting, string message)
    {
        string[] pair = setting.Split('=');
        IConfiguration configuration = new ConfigurationBuilder().AddInMemoryCollection([new(pair[0], pair[1])]).Build();
        Func<Task> start = () => TestApi.StartCoreAsync(services =>
        {
            services.AddAuthentication().AddJwtBearer(bearer => TestApi.UseTestTokens(bearer));
            services.AddJwtRevocation(configuration);
        });

        (await start.Should().ThrowAsync<Exception>()).Which.ToString().Should().Match($"*{message}*");
    }

    [Fact]
    public async Task An_apps_only_scheme_stays_its_default_one()
    {
        await using TestApi api = await TestApi.StartAsync();
        IAuthenticationSchemeProvider schemes = api.Services.GetRequiredService<IAuthenticationSchemeProvider>();

        (await schemes.GetDefaultAuthenticateSchemeAsync())!.Name.Should().Be("Bearer");
        (await schemes.GetDefaultChallengeSchemeAsync())!.Name.Should().Be("Bearer");
        (await schemes.GetDefaultForbidSchemeAsync())!.Name.Should().Be("Bearer");
        (await schemes.GetDefaultSignOutSchemeAsync())!.Name.Should().Be(JwtRevocationDefaults.AuthenticationScheme);
    }

    [Fact]
    public async Task An_app_without_a_default_scheme_gets_none()
    {
        await using TestApi api = await StartTwoSchemesAsync(_ => { });
        IAuthenticationSchemeProvider schemes = api.Services.GetRequiredService<IAuthenticationSchemeProvider>();

        (await schemes.GetDefaultAuthenticateSchemeAsync()).Should().BeNull();
        (await schemes.GetDefaultSignOutSchemeAsync())!.Name.Should().Be(JwtRevocationDefaults.AuthenticationScheme);
    }

    [Fact]
    public async Task Parameters_that_two_apps_share_ask_the_stores_of_both()
    {
        // As tests do that keep their parameters in a static field.
        var shared = TestTokens.Parameters();
        await using TestApi first = await TestApi.StartAsync(bearer => bearer.TokenValidationParameters = shared);
        await first.StatusAsync(TestTokens.Create());
        await using TestApi second = await TestApi.StartAsync(bearer => bearer.TokenValidationParameters = shared);

        await AssertSignOutWorksAsync(second);
        await AssertSignOutWorksAsync(first);

        // Each revocation looks after the parameters again, and must not put another delegate before the other app's.
        LifetimeValidator? validator = shared.LifetimeValidator;
        await AssertSignOutWorksAsync(second);
        await AssertSignOutWorksAsync(first);
        shared.LifetimeValidator.Should().BeSameAs(validator);
    }

    [Theory]
    [InlineData("Development")]
    [InlineData("Production")]
    public async Task A_worker_without_authentication_starts(string environment)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new() { EnvironmentName = environment });
        builder.ConfigureContainer(new DefaultServiceProviderFactory(new ServiceProviderOptions { ValidateOnBuild = true, ValidateScopes = true }));
        builder.Services.AddJwtRevocation();
        using IHost host = builder.Build();

        await host.StartAsync(TestContext.Current.CancellationToken);

        host.Services.GetRequiredService<ITokenRevoker>().Should().NotBeNull();
        await host.StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_default_scheme_for_signing_out_that_the_app_has_chosen_and_can_stays()
    {
        await using TestApi api = await TestApi.StartCoreAsync(services =>
        {
            services.AddAuthentication(options =>
            {
                options.DefaultScheme = "Bearer";
                options.DefaultSignOutScheme = "Cookies";
            }).AddCookie("Cookies").AddJwtBearer(bearer => TestApi.UseTestTokens(bearer));
            services.AddJwtRevocation();
        });

        (await api.Services.GetRequiredService<IAuthenticationSchemeProvider>().GetDefaultSignOutSchemeAsync())!.Name.Should().Be("Cookies");
    }

    [Fact]
    public async Task A_store_may_be_made_by_the_app()
    {
        FaultyStore store = new();
        await using TestApi api = await TestApi.StartAsync(revocation: builder => builder.AddStore(_ => store));

        api.Services.GetRequiredService<IRevokedTokenStore>().Should().BeSameAs(store);
    }

    [Fact]
    public async Task A_store_of_the_app_takes_the_place_of_the_one_in_memory()
    {
        await using TestApi api = await TestApi.StartAsync(revocation: builder => builder.AddStore<FaultyStore>());

        api.Services.GetRequiredService<IRevokedTokenStore>().Should().BeOfType<FaultyStore>();
        await AssertSignOutWorksAsync(api);
    }

    private static Task<TestApi> StartTwoSchemesAsync(Action<JwtRevocationOptions> options) => TestApi.StartCoreAsync(
        services =>
        {
            services.AddAuthentication()
                .AddJwtBearer("Covered", bearer => TestApi.UseTestTokens(bearer))
                .AddJwtBearer("Other", bearer => TestApi.UseTestTokens(bearer));
            services.AddJwtRevocation(options);
        },
        app =>
        {
            foreach ((string path, string scheme) in new[] { ("/covered", "Covered"), ("/other", "Other") })
            {
                AuthorizationPolicy policy = new AuthorizationPolicyBuilder(scheme).RequireAuthenticatedUser().Build();
                app.MapGet(path, () => "in").RequireAuthorization(policy);
                app.MapPost(path, () => TypedResults.SignOut()).RequireAuthorization(policy);
            }
        });

    private static async Task AssertSignOutWorksAsync(TestApi api)
    {
        string token = TestTokens.Create();
        (await api.StatusAsync(token)).Should().Be(HttpStatusCode.OK);
        using HttpResponseMessage signOut = await api.SignOutAsync(token);
        signOut.StatusCode.Should().Be(HttpStatusCode.OK);
        using HttpResponseMessage refused = await api.GetAsync(token);
        refused.ShouldBeRevoked();
    }
}
