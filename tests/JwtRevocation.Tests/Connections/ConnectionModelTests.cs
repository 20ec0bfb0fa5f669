using System.Diagnostics.Metrics;
using System.Net;
using CsCheck;
using Microsoft.AspNetCore.Builder;

namespace JwtRevocation.Tests.Connections;

/// <summary>
/// Whatever is revoked, just those connections end whose token a new request would be refused with: the model is the library's
/// own answer to requests.
/// </summary>
public sealed class ConnectionModelTests
{
    private static readonly string[] Names = ["a", "b", "c"];
    private static readonly string[] Values = ["a", "b", "c", "7", "true"];
    private static readonly string[] ClaimNames = ["sub", "sid", "client_id", "role", "client"];

    private static readonly object?[] Claims = [null, "a", "b", "c", "7", 7, true];

    private static readonly Gen<object?> ClaimGen = Gen.OneOf(
        Gen.Int[0, 6].Select(index => Claims[index]),
        Gen.Int[0, 2].Select(index => Names[index]).Array[0, 3].Select(object? (values) => values));

    private static readonly Gen<Dictionary<string, object?>> TokenGen = Gen.Select(
        ClaimGen, ClaimGen, ClaimGen, ClaimGen, (sub, sid, client, role) => new Dictionary<string, object?>
        {
            ["sub"] = sub,
            ["sid"] = sid,
            ["client_id"] = client,
            ["role"] = role,
        });

    private static readonly Gen<RevocationTarget> TargetGen = Gen.Select(
        Gen.Int[0, 4].Select(index => ClaimNames[index]),
        Gen.Int[0, 4].Select(index => Values[index]),
        (claim, value) => claim == "client"
            ? RevocationTarget.Client(TestTokens.Issuer, value)
            : RevocationTarget.Claim(TestTokens.Issuer, claim, value));

    [Fact]
    public Task Those_end_that_a_request_would_be_refused_for_and_no_others() => Gen.Select(TokenGen.Array[1, 8], TargetGen.Array[1, 4]).SampleAsync(
        async (claims, targets) =>
        {
            await using TestApi api = await StartAsync();
            string[] tokens = [.. claims.Select(Token)];
            Task<bool>[] ended = [.. tokens.Select(token => HoldAsync(api, token))];
            foreach (RevocationTarget target in targets)
            {
                await api.Revoker.RevokeAsync(target, TestContext.Current.CancellationToken);
                for (int index = 0; index < tokens.Length; index++)
                {
                    if (await IsRefusedAsync(api, tokens[index]))
                    {
                        (await ended[index].WaitAsync(TimeSpan.FromMinutes(1))).Should().BeTrue();
                    }
                    else
                    {
                        ended[index].IsCompleted.Should().BeFalse();
                    }
                }
            }

            await api.Revoker.RevokeAsync(RevocationTarget.Everything, TestContext.Current.CancellationToken);
            await Task.WhenAll(ended).WaitAsync(TimeSpan.FromMinutes(1));
        },
        iter: 100,
        threads: 1);

    [Fact]
    public async Task Nothing_is_left_of_connections_that_have_ended()
    {
        await using TestApi api = await StartAsync();
        using MeterListener listener = new();
        long open = 0;
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument.Name == "jwt_revocation.connections" && instrument.Meter.Scope == api.Services.GetService(typeof(IMeterFactory)))
            {
                self.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<int>((_, measurement, _, _) => open = measurement);
        listener.Start();
        string[] tokens = [.. Enumerable.Range(0, 40).Select(index => TestTokens.Create(subject: Names[index % 3]))];
        Task<bool>[] ended = [.. tokens.Select(token => HoldAsync(api, token))];
        await Expect.ToBecomeTrueAsync(
            () =>
            {
                listener.RecordObservableInstruments();
                return open == 40;
            },
            "all of them are counted");

        await api.Revoker.RevokeAsync(RevocationTarget.Everything, TestContext.Current.CancellationToken);
        await Task.WhenAll(ended);

        await Expect.ToBecomeTrueAsync(
            () =>
            {
                listener.RecordObservableInstruments();
                return open == 0;
            },
            "all of them are forgotten");
    }

    private static Task<TestApi> StartAsync() => TestApi.StartAsync(endpoints: app => app
        .MapGet("/hold", OpenEndpoint.WaitAsync)
        .RequireAuthorization()
        .EndOnRevocation());

    private static string Token(Dictionary<string, object?> claims) => TestTokens.Create(configure: token =>
    {
        token.IssuedAt = TimeProvider.System.GetUtcNow().UtcDateTime.AddMinutes(-1);
        foreach ((string name, object? value) in claims)
        {
            if (value is null)
            {
                token.Claims.Remove(name);
            }
            else
            {
                token.Claims[name] = value;
            }
        }
    });

    private static async Task<bool> IsRefusedAsync(TestApi api, string token) => await api.StatusAsync(token) == HttpStatusCode.Unauthorized;

    /// <summary>Opens a connection; the task is done when that has ended.</summary>
    private static async Task<bool> HoldAsync(TestApi api, string token)
    {
        try
        {
            using HttpResponseMessage response = await api.Client.SendAsync(
                ConnectedApi.Get("/hold", token), HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
            if (response.StatusCode == HttpStatusCode.Unauthorized)
            {
                return true;
            }

            await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            return false;
        }
        catch (Exception exception) when (exception is IOException or HttpRequestException or OperationCanceledException)
        {
            return true;
        }
    }
}
