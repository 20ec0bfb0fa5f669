using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace JwtRevocation.Tests.Endpoints;

public sealed partial class TokenRevocationMappingTests
{
    [Fact]
    public async Task The_app_does_not_start_when_nobody_says_who_may_call()
    {
        Func<Task> start = () => StartAsync(app => app.MapTokenRevocation("/revoke"));

        await start.Should().ThrowAsync<InvalidOperationException>().WithMessage("*RequireAuthorization(\"clients\")*AllowAnonymous()*");
    }

    [Fact]
    public async Task A_fallback_policy_does_not_say_it()
    {
        Func<Task> start = () => StartAsync(
            app => app.MapTokenRevocation("/revoke"),
            services => services.AddAuthorizationBuilder().SetFallbackPolicy(new AuthorizationPolicyBuilder().RequireAuthenticatedUser().Build()));

        await start.Should().ThrowAsync<InvalidOperationException>();
    }

    [Fact]
    public async Task Nor_does_another_endpoint()
    {
        Func<Task> start = () => StartAsync(app =>
        {
            app.MapTokenRevocation("/revoke").RequireAuthorization();
            app.MapTokenRevocation("/another");
        });

        await start.Should().ThrowAsync<InvalidOperationException>();
    }

    [Fact]
    public async Task Any_way_to_say_it_will_do()
    {
        await using TestApi api = await StartAsync(app =>
        {
            app.MapTokenRevocation("/default").RequireAuthorization();
            app.MapTokenRevocation("/named").RequireAuthorization("clients");
            app.MapTokenRevocation("/built").RequireAuthorization(policy => policy.RequireClaim("client_id"));
            app.MapTokenRevocation("/anonymous").AllowAnonymous();
            app.MapTokenRevocation("/requirement").WithMetadata(new AppRequirement());
            app.MapGroup("/group").RequireAuthorization("clients").MapTokenRevocation("/revoke");
            app.MapGroup("/open").RequireAuthorization("clients").MapTokenRevocation("/revoke").AllowAnonymous();
        });

        foreach ((string path, HttpStatusCode expected) in new[]
        {
            ("/default", HttpStatusCode.Unauthorized),
            ("/named", HttpStatusCode.Unauthorized),
            ("/built", HttpStatusCode.Unauthorized),
            ("/anonymous", HttpStatusCode.OK),
            ("/requirement", HttpStatusCode.Unauthorized),
            ("/group/revoke", HttpStatusCode.Unauthorized),
            ("/open/revoke", HttpStatusCode.OK),
        })
        {
            using FormUrlEncodedContent form = new([new("token", "nonsense")]);
            using HttpResponseMessage response = await api.Client.PostAsync(path, form, TestContext.Current.CancellationToken);
            response.StatusCode.Should().Be(expected, "that is the answer of {0}", path);
        }
    }

    [Fact]
    public async Task Without_the_library_it_cannot_be_mapped()
    {
        Func<Task> start = () => TestApi.StartCoreAsync(
            services => services.AddAuthentication().AddJwtBearer(bearer => TestApi.UseTestTokens(bearer)),
            app => app.MapTokenRevocation("/revoke").AllowAnonymous());

        await start.Should().ThrowAsync<InvalidOperationException>().WithMessage("AddJwtRevocation() was not called*");
    }

    [Fact]
    public void Null_is_refused_by_name()
    {
        ((Action)(() => ((IEndpointRouteBuilder)null!).MapTokenRevocation("/revoke"))).Should().Throw<ArgumentNullException>().WithParameterName("endpoints");
    }

    [Fact]
    public async Task It_asks_for_no_antiforgery_token()
    {
        await using TestApi api = await StartAsync(
            app =>
            {
                app.UseAntiforgery();
                app.MapGroup("/pages").WithMetadata(new Microsoft.AspNetCore.Antiforgery.RequireAntiforgeryTokenAttribute()).MapTokenRevocation("/revoke").AllowAnonymous();
            },
            services => services.AddAntiforgery());
        string token = TestTokens.Create();
        using FormUrlEncodedContent form = new([new("token", token)]);

        using HttpResponseMessage response = await api.Client.PostAsync("/pages/revoke", form, TestContext.Current.CancellationToken);

        await response.ShouldBeDoneAsync();
        (await api.StatusAsync(token)).Should().Be(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task It_can_be_called_from_another_origin_if_the_app_allows_it()
    {
        await using TestApi api = await StartAsync(
            app =>
            {
                app.UseCors();
                app.MapTokenRevocation("/revoke").AllowAnonymous().RequireCors(policy => policy.WithOrigins("https://spa.test").AllowAnyMethod());
            },
            services => services.AddCors());
        using HttpRequestMessage preflight = new(HttpMethod.Options, "/revoke");
        preflight.Headers.Add("Origin", "https://spa.test");
        preflight.Headers.Add("Access-Control-Request-Method", "POST");

        using HttpResponseMessage response = await api.Client.SendAsync(preflight, TestContext.Current.CancellationToken);

        response.Headers.GetValues("Access-Control-Allow-Origin").Should().Equal("https://spa.test");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_OpenAPI_document_describes_it(bool reflection)
    {
        await using TestApi api = await StartAsync(
            app =>
            {
                app.MapOpenApi();
                app.MapTokenRevocation("/oauth/revoke").RequireAuthorization("clients").WithName("revoke").WithTags("oauth");
            },
            services =>
            {
                services.AddOpenApi();
                if (!reflection)
                {
                    // As in native code, where an app brings the types of its own endpoints.
                    services.ConfigureHttpJsonOptions(options =>
                    {
                        IList<IJsonTypeInfoResolver> chain = options.SerializerOptions.TypeInfoResolverChain;
                        chain.Remove(chain.Single(resolver => resolver is DefaultJsonTypeInfoResolver));
                        chain.Insert(0, AppJson.Default);
                    });
                }
            });

        using JsonDocument document = JsonDocument.Parse(
            await api.Client.GetStringAsync("/openapi/v1.json", TestContext.Current.CancellationToken));

        JsonElement operation = document.RootElement.GetProperty("paths").GetProperty("/oauth/revoke").GetProperty("post");
        operation.GetProperty("operationId").GetString().Should().Be("revoke");
        operation.GetProperty("summary").GetString().Should().NotBeEmpty();
        operation.GetProperty("description").GetString().Should().Contain("RFC 7009");
        JsonElement form = Resolve(operation.GetProperty("requestBody").GetProperty("content").GetProperty(TokenRevocationApi.Form).GetProperty("schema"));
        form.GetProperty("properties").EnumerateObject().Select(property => property.Name).Should().Equal("token", "token_type_hint");
        form.GetProperty("required").EnumerateArray().Select(name => name.GetString()).Should().Equal("token");
        JsonElement responses = operation.GetProperty("responses");
        responses.EnumerateObject().Select(response => response.Name).Should().Equal("200", "400", "503");
        JsonElement error = Resolve(responses.GetProperty("400").GetProperty("content").GetProperty("application/json").GetProperty("schema"));
        error.GetProperty("properties").EnumerateObject().Select(property => property.Name).Should().Equal("error", "error_description");
        responses.GetProperty("503").GetProperty("content").TryGetProperty("application/problem+json", out _).Should().BeTrue();

        JsonElement Resolve(JsonElement schema) => schema.TryGetProperty("$ref", out JsonElement reference)
            ? document.RootElement.GetProperty("components").GetProperty("schemas").GetProperty(reference.GetString()!.Split('/')[^1])
            : schema;
    }

    private static Task<TestApi> StartAsync(Action<WebApplication> endpoints, Action<IServiceCollection>? services = null) => TestApi.StartAsync(
        services: collection =>
        {
            TokenRevocationApi.AddClients(collection);
            services?.Invoke(collection);
        },
        endpoints: endpoints);

    [JsonSerializable(typeof(bool?))]
    private sealed partial class AppJson : JsonSerializerContext;

    private sealed class AppRequirement : IAuthorizationRequirementData
    {
        public IEnumerable<IAuthorizationRequirement> GetRequirements() =>
            [new Microsoft.AspNetCore.Authorization.Infrastructure.DenyAnonymousAuthorizationRequirement()];
    }
}
