using System.Net.WebSockets;
using System.Text;

namespace JwtRevocation.Tests.Connections;

/// <summary>What a client sees of a connection. Whatever does not come within a minute fails the test.</summary>
internal static class Expect
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);

    public static Task ToEndAsync(WebSocket socket) => ToBreakAsync<WebSocketException>(async cancellation =>
    {
        WebSocketReceiveResult result = await socket.ReceiveAsync(new byte[16], cancellation);
        result.MessageType.Should().NotBe(WebSocketMessageType.Close, "it is broken off, not closed");
    });

    public static Task ToEndAsync(Stream stream) => ToBreakAsync<IOException>(async cancellation =>
        (await stream.ReadAsync(new byte[16], cancellation)).Should().BePositive("it is broken off, not finished"));

    public static async Task ToLiveAsync(WebSocket socket)
    {
        byte[] message = Encoding.ASCII.GetBytes("are you there?");
        await socket.SendAsync(message, WebSocketMessageType.Text, endOfMessage: true, TestContext.Current.CancellationToken);
        byte[] buffer = new byte[64];
        WebSocketReceiveResult answer = await socket.ReceiveAsync(buffer, TestContext.Current.CancellationToken).WaitAsync(Limit, TestContext.Current.CancellationToken);
        buffer[..answer.Count].Should().Equal(message);
    }

    public static async Task ToBecomeTrueAsync(Func<bool> condition, string what)
    {
        using CancellationTokenSource limit = new(Limit);
        while (!condition())
        {
            limit.IsCancellationRequested.Should().BeFalse(what);
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }
    }

    private static async Task ToBreakAsync<TException>(Func<CancellationToken, Task> readAsync)
        where TException : Exception
    {
        using CancellationTokenSource limit = new(Limit);
        Func<Task> readToTheEnd = async () =>
        {
            while (true)
            {
                await readAsync(limit.Token);
            }
        };
        await readToTheEnd.Should().ThrowAsync<TException>();
    }
}
