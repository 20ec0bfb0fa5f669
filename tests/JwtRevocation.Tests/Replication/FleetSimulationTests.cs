using CsCheck;

namespace JwtRevocation.Tests.Replication;

/// <summary>
/// Random schedules of faults for a fleet whose log, network and clock are simulated. One thread runs all of it, so that a
/// schedule which fails does so again: CsCheck prints its seed.
/// </summary>
/// <remarks>CsCheck_Iter=20000 in the environment makes it that many schedules.</remarks>
public sealed class FleetSimulationTests
{
    private const int Nodes = 3;

    // The longest that it takes until a node reads everything: outages put it off thrice, by up to half a minute.
    private static readonly TimeSpan Audit = TimeSpan.FromSeconds(375 + (3 * 30));

    private enum Fault
    {
        Revoke,
        RevokeSubject,
        Cut,
        Hang,
        LoseReplies,
        Deafen,
        Slow,
        Mend,
        Down,
        Up,
        RefuseWrites,
        Fill,
        TakeWrites,
        Lapse,
        Copy,
        GoBack,
        LoseAll,
        LoseEntries,
        LoseSome,
        Restart,
    }

    private static readonly Gen<Fault> AnyFault = Gen.Frequency(
        (8, Gen.Const(Fault.Revoke)), (4, Gen.Const(Fault.RevokeSubject)), (1, Gen.Const(Fault.Cut)), (1, Gen.Const(Fault.Hang)),
        (1, Gen.Const(Fault.LoseReplies)), (2, Gen.Const(Fault.Deafen)), (1, Gen.Const(Fault.Slow)), (4, Gen.Const(Fault.Mend)),
        (1, Gen.Const(Fault.Down)), (3, Gen.Const(Fault.Up)), (1, Gen.Const(Fault.RefuseWrites)), (1, Gen.Const(Fault.Fill)),
        (2, Gen.Const(Fault.TakeWrites)), (1, Gen.Const(Fault.Lapse)),
        (3, Gen.Const(Fault.Copy)), (2, Gen.Const(Fault.GoBack)), (1, Gen.Const(Fault.LoseAll)), (1, Gen.Const(Fault.LoseEntries)),
        (1, Gen.Const(Fault.LoseSome)), (2, Gen.Const(Fault.Restart)));

    private static readonly Gen<(Fault, int, int)[]> Schedule =
        Gen.Select(AnyFault, Gen.Int[0, Nodes - 1], Gen.Frequency((9, Gen.OneOf(0, 0, 250, 500, 1_000, 3_000)), (2, Gen.Const(10_000)), (1, Gen.Const(70_000)))).Array[5, 50];

    [Fact]
    public void No_schedule_of_faults_brings_a_revoked_token_back() => WithoutContext(() =>
        Gen.Select(Schedule, Gen.Int).Sample(
            (steps, seed) =>
            {
                using SimulatedFleet fleet = new(Nodes, seed);

                // What somebody removed by hand is found by the next whole read, and what comes back from a copy after that. So is what
                // has lapsed; the last entry is spared, and what is then written back behind it leaves it to the read after that.
                bool removes = steps.Any(step => step.Item1 == Fault.LoseSome);
                bool lapses = steps.Any(step => step.Item1 == Fault.Lapse);
                fleet.Bound += removes ? Audit : TimeSpan.Zero;
                foreach ((Fault fault, int node, int milliseconds) in steps)
                {
                    Strike(fleet, fault, node);
                    fleet.Pass(TimeSpan.FromMilliseconds(milliseconds));
                }

                fleet.NoteSurvivors();
                fleet.Heal();
                fleet.Pass(((removes ? 1 : 0) + (lapses ? 1 : 0)) * Audit + TimeSpan.FromSeconds(45));
                fleet.ShouldHaveHealed();
                if (lapses)
                {
                    fleet.Log.LongLapsed.Should().BeEmpty("what has lapsed long ago goes");
                }
            },
            iter: Math.Max(2_000, Check.Iter),
            print: schedule => $"seed {schedule.Item2}: {string.Join(", ", schedule.Item1)}"));

    private static void Strike(SimulatedFleet fleet, Fault fault, int node)
    {
        switch (fault)
        {
            case Fault.Revoke: fleet.Revoke(node, subject: false); break;
            case Fault.RevokeSubject: fleet.Revoke(node, subject: true); break;
            case Fault.Cut: fleet.Link(node).IsCut = true; break;
            case Fault.Hang: fleet.Link(node).Hangs = true; break;
            case Fault.LoseReplies: fleet.Link(node).LosesReplies = true; break;
            case Fault.Deafen: fleet.Link(node).IsDeaf = true; break;
            case Fault.Slow: fleet.Link(node).MostDelay = TimeSpan.FromSeconds(2); break;
            case Fault.Mend:
                SimulatedLink link = fleet.Link(node);
                link.IsCut = link.Hangs = link.LosesReplies = link.IsDeaf = false;
                link.MostDelay = TimeSpan.FromMilliseconds(20);
                break;
            case Fault.Down: fleet.Log.IsDown = true; break;
            case Fault.Up: fleet.Log.IsDown = false; break;
            case Fault.RefuseWrites: fleet.Log.TakesNoWrites = true; break;
            case Fault.Fill: fleet.Log.IsFull = true; break;
            case Fault.TakeWrites: fleet.Log.TakesNoWrites = fleet.Log.IsFull = false; break;
            case Fault.Lapse: fleet.Log.AppendLapsed(count: 3); break;
            case Fault.Copy: fleet.Log.Copy(); break;
            case Fault.GoBack: fleet.Log.GoBack(); break;
            case Fault.LoseAll: fleet.Log.LoseAll(); break;
            case Fault.LoseEntries: fleet.Log.LoseEntries(); break;
            case Fault.LoseSome: fleet.Log.LoseSome(every: 2); break;
            case Fault.Restart: fleet.Restart(node); break;
            default: throw new ArgumentOutOfRangeException(nameof(fault));
        }
    }

    // Continuations then run where the clock is advanced, one after the other.
    internal static void WithoutContext(Action action)
    {
        SynchronizationContext? before = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(null);
        try
        {
            action();
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(before);
        }
    }
}
