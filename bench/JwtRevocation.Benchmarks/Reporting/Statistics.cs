using System.Globalization;

namespace JwtRevocation.Benchmarks.Reporting;

internal static class Statistics
{
    private const int Resamples = 2_000;

    public static double Median(IReadOnlyCollection<double> values) => Percentile(values, 0.5);

    /// <param name="values">The values, in any order.</param>
    /// <param name="part">From 0 to 1; in between two values it lies in proportion between them.</param>
    public static double Percentile(IReadOnlyCollection<double> values, double part)
    {
        double[] sorted = [.. values.Order()];
        double position = part * (sorted.Length - 1);
        int below = (int)position;
        return below + 1 < sorted.Length ? sorted[below] + ((position - below) * (sorted[below + 1] - sorted[below])) : sorted[below];
    }

    /// <summary>
    /// Where the median lies with 95 % confidence, by the bootstrap. Groups are drawn first and then values within them: those
    /// of one process have its luck in common, and are less than so many independent ones.
    /// </summary>
    public static (double From, double To) Confidence(IReadOnlyList<IReadOnlyList<double>> groups)
    {
        Random random = new(1);
        double[] medians = new double[Resamples];
        for (int i = 0; i < Resamples; i++)
        {
            List<double> drawn = [];
            for (int g = 0; g < groups.Count; g++)
            {
                IReadOnlyList<double> group = groups[random.Next(groups.Count)];
                for (int v = 0; v < group.Count; v++)
                {
                    drawn.Add(group[random.Next(group.Count)]);
                }
            }

            medians[i] = Median(drawn);
        }

        return (Percentile(medians, 0.025), Percentile(medians, 0.975));
    }

    /// <summary>"0.99 (0.97 to 1.01)": the median and the range.</summary>
    public static string Describe(IReadOnlyCollection<double> values, int decimals = 2) =>
        $"{Text(Median(values), decimals)} ({Text(values.Min(), decimals)} to {Text(values.Max(), decimals)})";

    public static string Text(double value, int decimals) => value.ToString($"N{decimals}", CultureInfo.InvariantCulture);
}
