using Microsoft.AspNetCore.Http;

namespace JwtRevocation;

/// <summary>
/// Marks a request that is being challenged, or whose authentication has failed and whose scheme is about to say so. An
/// event of the app that signs out then must not have it challenged: the scheme would be asked for what it is busy with, and
/// call the event again, or wait for it, without end.
/// </summary>
internal sealed class ChallengeUnderWay
{
    private static readonly ChallengeUnderWay Instance = new();

    private ChallengeUnderWay()
    {
    }

    public static bool IsIn(HttpContext context) => context.Features.Get<ChallengeUnderWay>() is not null;

    public static async Task RunAsync(HttpContext context, Func<Task> run)
    {
        ChallengeUnderWay? outer = context.Features.Get<ChallengeUnderWay>();
        context.Features.Set(Instance);
        try
        {
            await run().ConfigureAwait(false);
        }
        finally
        {
            context.Features.Set(outer);
        }
    }
}
