using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace JwtRevocation.Tests.Connections;

/// <summary>A gRPC stream, over HTTP/2.</summary>
public sealed class GrpcTests
{
    [Fact]
    public async Task A_server_stream_ends_and_another_one_on_its_connection_does_not()
    {
        await using ConnectedApi api = await ConnectedApi.StartAsync(
            services => services.AddGrpc(),
            app => app.MapGrpcService<TickerService>().RequireAuthorization().EndOnRevocation());
        using var channel = GrpcChannel.ForAddress(api.Urls[1]);
        string token = TestTokens.Create();
        using AsyncServerStreamingCall<string> stream = Open(channel, token);
        using AsyncServerStreamingCall<string> other = Open(channel, TestTokens.Create(subject: "bob"));
        (await stream.ResponseStream.MoveNext(TestContext.Current.CancellationToken)).Should().BeTrue();

        await api.Revoker.RevokeAsync(token, TestContext.Current.CancellationToken);

        Func<Task> readOn = async () =>
        {
            while (await stream.ResponseStream.MoveNext(TestContext.Current.CancellationToken))
            {
            }
        };
        await readOn.Should().ThrowAsync<RpcException>();
        (await other.ResponseStream.MoveNext(TestContext.Current.CancellationToken)).Should().BeTrue();
    }

    private static AsyncServerStreamingCall<string> Open(GrpcChannel channel, string token) => channel.CreateCallInvoker().AsyncServerStreamingCall(
        TickerServiceBase.Method, host: null, new CallOptions(new Metadata { { "Authorization", $"Bearer {token}" } }), "go");

    // As the generator makes them: what is bound, and what overrides it.
    [BindServiceMethod(typeof(TickerServiceBase), nameof(BindService))]
    private abstract class TickerServiceBase
    {
        public static readonly Method<string, string> Method = new(
            MethodType.ServerStreaming, "Ticker", nameof(TicksAsync), Marshallers.StringMarshaller, Marshallers.StringMarshaller);

        public static void BindService(ServiceBinderBase binder, TickerServiceBase? service) =>
            binder.AddMethod(Method, service is null ? null : new ServerStreamingServerMethod<string, string>(service.TicksAsync));

        public abstract Task TicksAsync(string request, IServerStreamWriter<string> responses, ServerCallContext context);
    }

#pragma warning disable CA1812 // gRPC makes it.
    private sealed class TickerService : TickerServiceBase
#pragma warning restore CA1812
    {
        public override async Task TicksAsync(string request, IServerStreamWriter<string> responses, ServerCallContext context)
        {
            using PeriodicTimer timer = new(TimeSpan.FromMilliseconds(20));
            do
            {
                await responses.WriteAsync("tick", context.CancellationToken);
            }
            while (await timer.WaitForNextTickAsync(context.CancellationToken));
        }
    }
}
