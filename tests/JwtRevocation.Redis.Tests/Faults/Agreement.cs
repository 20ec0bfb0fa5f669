using System.Net;
using JwtRevocation.Tests;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace JwtRevocation.Redis.Tests.Faults;

/// <summary>What must hold of nodes during a fault and after it.</summary>
internal static class Agreement
{
    /// <summary>Invariant C: all nodes refuse all these tokens, accept others, and have nothing to complain of.</summary>
    /// <returns>The time until they did.</returns>
    public static async Task<TimeSpan> HealAsync(this IReadOnlyCollection<Node> nodes, params IEnumerable<string> revoked)
    {
        string live = TestTokens.Create(subject: "somebody else");
        string[] tokens = [.. revoked];
        return await Eventually.Async(
            async () =>
            {
                foreach (Node node in nodes)
                {
                    if (!await node.AcceptsAsync(live)
                        || !await node.RefusesAllAsync(tokens)
                        || (await node.HealthAsync()).Status != HealthStatus.Healthy)
                    {
                        return false;
                    }
                }

                return true;
            },
            "all nodes agree, and are healthy");
    }

    public static async Task<bool> RefusesAllAsync(this Node node, IEnumerable<string> tokens)
    {
        foreach (string token in tokens)
        {
            if (!await node.RefusesAsync(token))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>A sign-out that the log does not take: the caller is told so, and this node refuses the token all the same.</summary>
    /// <returns>The token.</returns>
    public static async Task<string> SignOutFailsAsync(this Node node)
    {
        string token = TestTokens.Create();
        (await node.SignOutAsync(token)).Should().Be(HttpStatusCode.ServiceUnavailable, "the log has not taken it");
        (await node.RefusesAsync(token)).Should().BeTrue("this node knows of it");
        return token;
    }

    /// <summary>Waits for the health check to say something.</summary>
    public static Task<TimeSpan> ReportsAsync(this Node node, HealthStatus status, string text) => Eventually.Async(
        async () =>
        {
            HealthReportEntry health = await node.HealthAsync();
            return health.Status == status && health.Description!.Contains(text, StringComparison.Ordinal);
        },
        $"the health check is {status} and says '{text}'");

    /// <summary>Holds for longer than the bound that a node goes on as if nothing had happened.</summary>
    public static Task StaysReadyAsync(this Node node) => Eventually.NeverAsync(
        async () => !await node.IsReadyAsync(), "the node does not vouch for tokens", Node.MaxStaleness + TimeSpan.FromSeconds(1));

    /// <summary>The time until a node says that it does not know. It must come by the bound.</summary>
    public static Task<TimeSpan> TurnsUnknownAsync(this Node node) =>
        Eventually.Async(node.IsUnknownAsync, "the node says that it does not know", Node.MaxStaleness + TimeSpan.FromSeconds(2));
}
