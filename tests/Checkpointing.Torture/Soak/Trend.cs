namespace Checkpointing.Torture.Soak;

/// <summary>How a figure grows over a run.</summary>
internal static class Trend
{
    /// <summary>Units of <paramref name="values"/> a unit of <paramref name="positions"/>: the median of the slopes of
    /// all pairs of points (Theil and Sen), which a few points out of line do not move.</summary>
    internal static double Slope(ReadOnlySpan<double> positions, ReadOnlySpan<double> values)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(values.Length, 2);
        ArgumentOutOfRangeException.ThrowIfNotEqual(positions.Length, values.Length);
        var slopes = new List<double>(values.Length * (values.Length - 1) / 2);
        for (var i = 0; i < values.Length; i++)
        {
            for (var j = i + 1; j < values.Length; j++)
            {
                slopes.Add((values[j] - values[i]) / (positions[j] - positions[i]));
            }
        }

        slopes.Sort();
        var middle = slopes.Count / 2;
        return slopes.Count % 2 == 1 ? slopes[middle] : (slopes[middle - 1] + slopes[middle]) / 2;
    }
}
