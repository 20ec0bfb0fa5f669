using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace JwtRevocation.EndToEnd;

/// <summary>The sample's page, as somebody would use it who tries the library out.</summary>
public sealed class PageInChromiumTests : IAsyncLifetime
{
    private static readonly BrowserTypeLaunchOptions Options = new()
    {
        ExecutablePath = Environment.GetEnvironmentVariable("CHROMIUM") ?? "/usr/bin/chromium",
        Args =
        [
            "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync",
        ],
    };

    private readonly List<string> _pageErrors = [];
    private RunningApp _app = null!;
    private IPlaywright _playwright = null!;
    private IBrowser _browser = null!;

    public async ValueTask InitializeAsync()
    {
        _app = await Sample.StartAsync();
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(Options);
    }

    public async ValueTask DisposeAsync()
    {
        await (_browser?.DisposeAsync() ?? ValueTask.CompletedTask);
        _playwright?.Dispose();
        await (_app?.DisposeAsync() ?? ValueTask.CompletedTask);
    }

    [Fact]
    public async Task Page_in_Chromium_signs_one_device_out_and_leaves_the_other_signed_in()
    {
        IPage page = await OpenAsync(width: 1280, height: 900);

        await SignThePhoneOutAsync(page);

        await page.ScreenshotAsync(new() { Path = Path.Combine(Repository.Screenshots, "page.png"), FullPage = true });
        _pageErrors.Should().BeEmpty();
    }

    [Fact]
    public async Task Page_in_Chromium_shows_both_devices_reacting()
    {
        IPage page = await OpenAsync(width: 1280, height: 900);
        await ClickAsync(page, "phone", "Sign in", "POST /sign-in → 200 OK");
        await ClickAsync(page, "laptop", "Sign in", "POST /sign-in → 200 OK");
        await ExpectStatesAsync("signed in", "signed in");

        await ClickAsync(page, "phone", "Sign out others", "POST /sign-out/others → 200 OK");
        await ExpectStatesAsync("signed in", "token refused");

        await ClickAsync(page, "laptop", "Sign in", "POST /sign-in → 200 OK");
        await ClickAsync(page, "laptop", "Sign out everywhere", "POST /sign-out/everywhere → 200 OK");
        await ExpectStatesAsync("token refused", "token refused");

        await ClickAsync(page, "phone", "Sign in", "POST /sign-in → 200 OK");
        await ClickAsync(page, "laptop", "Sign in", "POST /sign-in → 200 OK");
        await ClickAsync(page, "phone", "Change password", "POST /password → 200 OK");
        await ExpectStatesAsync("signed in", "token refused");

        await page.ScreenshotAsync(new() { Path = Path.Combine(Repository.Screenshots, "page-devices.png"), FullPage = true });
        _pageErrors.Should().BeEmpty();

        async Task ExpectStatesAsync(string phone, string laptop)
        {
            await Expect(page.Locator("#phone .state")).ToHaveTextAsync(phone);
            await Expect(page.Locator("#laptop .state")).ToHaveTextAsync(laptop);
        }
    }

    [Fact]
    public async Task Page_in_Chromium_shows_what_is_open_end_when_the_other_device_signs_out_everywhere()
    {
        IPage page = await OpenAsync(width: 1280, height: 900);
        await ClickAsync(page, "phone", "Sign in", "POST /sign-in → 200 OK");
        await ClickAsync(page, "laptop", "Sign in", "POST /sign-in → 200 OK");
        await ExpectLinksAsync("phone", "open");
        await ExpectLinksAsync("laptop", "open");
        await page.Locator("#phone .chat input").FillAsync("is that you?");
        await page.Locator("#phone .chat").GetByRole(AriaRole.Button, new() { Name = "Say", Exact = true }).ClickAsync();
        await Expect(page.Locator("#laptop .last")).ToContainTextAsync("alice: is that you?");

        await ClickAsync(page, "phone", "Sign out everywhere", "POST /sign-out/everywhere → 200 OK");

        await ExpectLinksAsync("laptop", "closed");
        await ExpectLinksAsync("phone", "closed");
        await page.ScreenshotAsync(new() { Path = Path.Combine(Repository.Screenshots, "page-open.png"), FullPage = true });
        _pageErrors.Should().BeEmpty();

        async Task ExpectLinksAsync(string device, string state)
        {
            await Expect(page.Locator($"#{device} [data-link=events]")).ToHaveTextAsync($"events {state}");
            await Expect(page.Locator($"#{device} [data-link=chat]")).ToHaveTextAsync($"chat {state}");
        }
    }

    [Fact]
    public async Task Page_in_Chromium_fits_a_narrow_screen()
    {
        IPage page = await OpenAsync(width: 390, height: 844);

        await SignThePhoneOutAsync(page);

        await page.ScreenshotAsync(new() { Path = Path.Combine(Repository.Screenshots, "page-narrow.png"), FullPage = true });
        int overflow = await page.EvaluateAsync<int>("document.documentElement.scrollWidth - document.documentElement.clientWidth");
        overflow.Should().Be(0, "nobody should have to scroll sideways");
    }

    private static async Task SignThePhoneOutAsync(IPage page)
    {
        await ClickAsync(page, "phone", "Sign in", "POST /sign-in → 200 OK");
        await ClickAsync(page, "laptop", "Sign in", "POST /sign-in → 200 OK");
        await ClickAsync(page, "phone", "Call /me", "GET /me → 200 OK");
        await ClickAsync(page, "phone", "Sign out", "POST /sign-out → 200 OK");
        await ClickAsync(page, "phone", "Call /me", "GET /me → 401 Unauthorized");
        await Expect(LatestAnswer(page, "phone")).ToContainTextAsync("The token was revoked");
        await ClickAsync(page, "laptop", "Call /me", "GET /me → 200 OK");
    }

    private static async Task ClickAsync(IPage page, string device, string button, string answer)
    {
        ILocator answers = page.Locator($"#{device} .answers li");
        int before = await answers.CountAsync();
        await page.Locator($"#{device}").GetByRole(AriaRole.Button, new() { Name = button, Exact = true }).ClickAsync();
        await Expect(answers).ToHaveCountAsync(before + 1);
        await Expect(LatestAnswer(page, device)).ToContainTextAsync(answer);
    }

    private static ILocator LatestAnswer(IPage page, string device) => page.Locator($"#{device} .answers li").First;

    private async Task<IPage> OpenAsync(int width, int height)
    {
        IPage page = await _browser.NewPageAsync(new() { ViewportSize = new() { Width = width, Height = height } });
        page.PageError += (_, error) => _pageErrors.Add(error);
        await page.GotoAsync(_app.Address.ToString());
        return page;
    }
}
