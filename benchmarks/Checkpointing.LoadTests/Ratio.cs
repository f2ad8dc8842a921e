using System.Text.Json.Serialization;

namespace Checkpointing.LoadTests;

/// <summary>One measured ratio, as it is printed.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Value">Median over the runs.</param>
/// <param name="Min">Smallest.</param>
/// <param name="Max">Largest.</param>
/// <param name="Runs">Number of runs.</param>
/// <param name="Bound">What is promised; null: reported only.</param>
/// <param name="Met">Whether the median keeps the promise; null without one.</param>
/// <param name="Ours">Median of our side, in <paramref name="Unit"/>.</param>
/// <param name="Theirs">Median of the other side; null if there is none.</param>
/// <param name="Unit">Unit of both.</param>
internal sealed record Ratio(
    string Name, double Value, double Min, double Max, int Runs, string? Bound, bool? Met, double Ours, double? Theirs,
    string Unit)
{
    /// <summary>More about the figures; null: nothing.</summary>
    public string? Note { get; init; }

    /// <summary>Makes a ratio, ours ÷ theirs, that must be at most, or at least, a bound.</summary>
    internal static Ratio Of(
        string name, IReadOnlyList<(double Ours, double Theirs)> pairs, string unit, double? atMost = null,
        double? atLeast = null) =>
        Of(name, pairs, static pair => pair.Ours / pair.Theirs, unit, atMost, atLeast);

    /// <summary>Makes a gain, theirs ÷ ours, that must be at least a bound.</summary>
    internal static Ratio OfGain(
        string name, IReadOnlyList<(double Ours, double Theirs)> pairs, string unit, double atLeast) =>
        Of(name, pairs, static pair => pair.Theirs / pair.Ours, unit, null, atLeast);

    private static Ratio Of(
        string name, IReadOnlyList<(double Ours, double Theirs)> pairs,
        Func<(double Ours, double Theirs), double> divide, string unit, double? atMost, double? atLeast)
    {
        var ratios = pairs.Select(divide).ToArray();
        return Make(
            name, ratios, unit, atMost, atLeast, Median(pairs.Select(static pair => pair.Ours)),
            Median(pairs.Select(static pair => pair.Theirs)));
    }

    /// <summary>Makes a figure of one side that must be at most a bound.</summary>
    internal static Ratio Of(string name, IReadOnlyList<double> values, string unit, double? atMost) =>
        Make(name, values, unit, atMost, null, Median(values), null);

    internal static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted.Length % 2 == 1
            ? sorted[sorted.Length / 2]
            : (sorted[(sorted.Length / 2) - 1] + sorted[sorted.Length / 2]) / 2;
    }

    internal static double Percentile(IReadOnlyCollection<double> values, double share)
    {
        double[] sorted = [.. values.Order()];
        return sorted[Math.Min((int)(share * sorted.Length), sorted.Length - 1)];
    }

    private static Ratio Make(
        string name, IReadOnlyList<double> values, string unit, double? atMost, double? atLeast, double ours,
        double? theirs)
    {
        var median = Median(values);
        var bound = atMost is { } most ? FormattableString.Invariant($"<= {most}")
            : atLeast is { } least ? FormattableString.Invariant($">= {least}") : null;
        bool? met = atMost is not null ? median <= atMost : atLeast is not null ? median >= atLeast : null;
        return new(
            name, Round(median), Round(values.Min()), Round(values.Max()), values.Count, bound, met, Round(ours),
            theirs is { } other ? Round(other) : null, unit);
    }

    private static double Round(double value) =>
        value == 0 || !double.IsFinite(value)
            ? 0
            : Math.Round(value, Math.Clamp(3 - (int)Math.Log10(Math.Abs(value)), 0, 6));
}

/// <summary>Writes ratios without reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(Ratio))]
internal sealed partial class RatioJson : JsonSerializerContext;
