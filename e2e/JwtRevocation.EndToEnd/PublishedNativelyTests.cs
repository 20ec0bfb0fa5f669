namespace JwtRevocation.EndToEnd;

public sealed class PublishedNativelyTests
{
    [Fact]
    public async Task PublishedNatively_the_sample_refuses_a_token_once_it_is_signed_out()
    {
        await using RunningApp app = await Sample.StartAsync();

        string phone = await Sample.SignInAsync(app.Client, "alice", "phone");
        string laptop = await Sample.SignInAsync(app.Client, "alice", "laptop");

        await SignOutRoundTrip.PassAsync(app.Client, phone, laptop);
    }
}
