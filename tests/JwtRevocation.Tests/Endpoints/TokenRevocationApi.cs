using System.Net;
using System.Net.Http.Headers;
using System.Security.Claims;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Tokens;

namespace JwtRevocation.Tests.Endpoints;

/// <summary>An API whose clients revoke tokens at /oauth/revoke. They authenticate by HTTP Basic, or in the form.</summary>
internal static class TokenRevocationApi
{
    public const string Path = "/oauth/revoke";
    public const string Form = "application/x-www-form-urlencoded";

    public static Task<TestApi> StartAsync(
        Action<JwtBearerOptions>? bearer = null,
        Action<IServiceCollection>? services = null,
        Func<ClaimsPrincipal, SecurityToken, bool>? mayRevoke = null,
        Action<RouteHandlerBuilder>? endpoint = null,
        Action<WebApplication>? app = null) => TestApi.StartAsync(
            bearer,
            builder => builder.AddStore<FaultyStore>(),
            services: collection =>
            {
                AddClients(collection);
                services?.Invoke(collection);
            },
            endpoints: web =>
            {
                app?.Invoke(web);
                RouteHandlerBuilder mapped = web.MapTokenRevocation(Path, mayRevoke);
                (endpoint ?? (revocation => revocation.RequireAuthorization("clients")))(mapped);
            });

    public static void AddClients(IServiceCollection services)
    {
        services.AddAuthentication("Bearer").AddScheme<AuthenticationSchemeOptions, ClientAuthentication>(ClientAuthentication.Scheme, _ => { });
        services.AddAuthorizationBuilder()
            .AddPolicy("clients", policy => policy.AddAuthenticationSchemes(ClientAuthentication.Scheme, "Bearer").RequireAuthenticatedUser());
    }

    /// <summary>A token that was issued to a client.</summary>
    public static string TokenOf(string client, string claim = "client_id", Action<SecurityTokenDescriptor>? configure = null, bool encrypted = false) =>
        TestTokens.Create(encrypted: encrypted, configure: descriptor =>
        {
            descriptor.Claims[claim] = client;
            configure?.Invoke(descriptor);
        });

    public static Task<HttpResponseMessage> RevokeAsync(this TestApi api, string token, string? hint = null, string? client = "app", string? bearer = null) =>
        api.PostAsync($"token={Uri.EscapeDataString(token)}{(hint is null ? "" : $"&token_type_hint={Uri.EscapeDataString(hint)}")}", client, bearer);

    public static Task<HttpResponseMessage> PostAsync(this TestApi api, string body, string? client = "app", string? bearer = null, string? contentType = Form) =>
        api.Client.PostAsync(new ByteArrayContent(Encoding.UTF8.GetBytes(body)), client, bearer, contentType);

    public static async Task<HttpResponseMessage> PostAsync(
        this HttpClient http, HttpContent content, string? client = "app", string? bearer = null, string? contentType = Form)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, Path) { Content = content };
        if (contentType is not null)
        {
            content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        }

        request.Headers.Authorization = bearer is not null ? new AuthenticationHeaderValue("Bearer", bearer)
            : client is not null ? new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{client}:secret")))
            : null;
        return await http.SendAsync(request, TestContext.Current.CancellationToken);
    }

    public static FaultyStore Store(this TestApi api) => (FaultyStore)api.Services.GetRequiredService<IRevokedTokenStore>();

    public static async Task<int> CountAsync(this TestApi api) =>
        await api.Store().GetRevocationsAsync(TestContext.Current.CancellationToken).CountAsync(TestContext.Current.CancellationToken);

    public static async Task ShouldBeDoneAsync(this HttpResponseMessage response)
    {
        response.StatusCode.Should().Be(HttpStatusCode.OK);
        (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Should().BeEmpty();
        response.ShouldNotBeStored();
    }

    public static async Task ShouldBeRefusedAsync(this HttpResponseMessage response, string error)
    {
        response.StatusCode.Should().Be(HttpStatusCode.BadRequest);
        response.Content.Headers.ContentType!.MediaType.Should().Be("application/json");
        using JsonDocument body = JsonDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        body.RootElement.GetProperty("error").GetString().Should().Be(error);

        // RFC 6749, section 5.2, says which characters it may have.
        body.RootElement.GetProperty("error_description").GetString().Should().MatchRegex("^[\\x20-\\x21\\x23-\\x5B\\x5D-\\x7E]+$");
        response.ShouldNotBeStored();
    }

    public static void ShouldNotBeStored(this HttpResponseMessage response)
    {
        response.Headers.CacheControl!.ToString().Should().Be("no-store");
        response.Headers.Pragma.ToString().Should().Be("no-cache");
    }

    /// <summary>Clients of the app's own: <c>name:secret</c>, by HTTP Basic or as <c>client_id</c> and <c>client_secret</c> in the form.</summary>
    private sealed class ClientAuthentication(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder)
        : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
    {
        public new const string Scheme = "Client";

        protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
        {
            string[] credentials = [];
            if (AuthenticationHeaderValue.TryParse(Request.Headers.Authorization, out AuthenticationHeaderValue? header))
            {
                if (header is { Scheme: "Basic", Parameter: { } encoded })
                {
                    credentials = Encoding.UTF8.GetString(Convert.FromBase64String(encoded)).Split(':');
                }
            }
            else if (Request.HasFormContentType)
            {
                IFormCollection form = await Request.ReadFormAsync(Context.RequestAborted);
                credentials = [form["client_id"].ToString(), form["client_secret"].ToString()];
            }

            return credentials is [{ Length: > 0 } name, "secret"]
                ? AuthenticateResult.Success(new(new(new ClaimsIdentity([new("client_id", name)], Scheme)), Scheme))
                : AuthenticateResult.NoResult();
        }
    }
}
