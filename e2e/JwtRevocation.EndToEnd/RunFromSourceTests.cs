namespace JwtRevocation.EndToEnd;

public sealed class RunFromSourceTests
{
    [Fact]
    public async Task RunFromSource_the_sample_refuses_a_token_once_it_is_signed_out()
    {
        await using RunningApp app = await RunningApp.StartAsync(
            "dotnet", ["run", "-c", "Release", "--no-launch-profile", "--project", "samples/SignOut", "--"], Repository.Root);

        string phone = await Sample.SignInAsync(app.Client, "alice", "phone");
        string laptop = await Sample.SignInAsync(app.Client, "alice", "laptop");

        await SignOutRoundTrip.PassAsync(app.Client, phone, laptop);
    }
}
