using JwtRevocation.Tests.Connections;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.ApplicationParts;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.AspNetCore.Razor.Hosting;
using Microsoft.Extensions.DependencyInjection;

// What the Razor compiler writes for a page.
[assembly: RazorCompiledItem(typeof(WaitingPage), "mvc.1.0.razor-page", "/Pages/Waiting.cshtml")]

namespace JwtRevocation.Tests.Connections;

/// <summary>Endpoints that frameworks make by means of their own end as others do.</summary>
public sealed class MvcAndRazorTests
{
    [Theory]
    [InlineData("/controller/wait")]
    [InlineData("/Waiting")]
    [InlineData("/component")]
    public async Task They_end_when_their_token_is_revoked(string path)
    {
        await using ConnectedApi api = await ConnectedApi.StartAsync(
            services =>
            {
                services.AddControllers().AddApplicationPart(typeof(WaitingController).Assembly);
                services.AddRazorPages().ConfigureApplicationPartManager(parts => parts.ApplicationParts.Add(new CompiledRazorAssemblyPart(typeof(WaitingPage).Assembly)));
                services.AddRazorComponents();
            },
            app =>
            {
                app.UseAuthentication();
                app.UseAuthorization();
                app.UseAntiforgery();
                app.MapControllers().RequireAuthorization().EndOnRevocation();
                app.MapRazorPages().RequireAuthorization().EndOnRevocation();
                app.MapRazorComponents<WaitingComponent>().RequireAuthorization().EndOnRevocation();
            });
        string token = TestTokens.Create();
        await using Stream open = await api.OpenEventsAsync(token, path);

        await api.Revoker.RevokeAsync(token, TestContext.Current.CancellationToken);

        await Expect.ToEndAsync(open);
    }
}

[ApiController]
[Microsoft.AspNetCore.Mvc.Route("controller")]
public sealed class WaitingController : ControllerBase
{
    [HttpGet("wait")]
    public Task WaitAsync() => OpenEndpoint.WaitAsync(HttpContext);
}

public sealed class WaitingPage : Page
{
    public WaitingPage Model => this;

    public override Task ExecuteAsync() => OpenEndpoint.WaitAsync(HttpContext);
}

[Microsoft.AspNetCore.Components.Route("/component")]
public sealed class WaitingComponent : ComponentBase
{
    [CascadingParameter]
    public HttpContext HttpContext { get; set; } = null!;

    protected override Task OnInitializedAsync() => OpenEndpoint.WaitAsync(HttpContext);
}
