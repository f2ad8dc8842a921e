using System.Globalization;
using Checkpointing.Hosting.Windows;

namespace Checkpointing.Tool.Demo;

/// <summary>Flights of one airport on one day, and their mean delay: one row of the output.</summary>
/// <param name="Day">The day.</param>
/// <param name="Origin">The airport.</param>
/// <param name="Flights">How many; at least 1.</param>
/// <param name="MeanDelayMinutes">Mean of their delays.</param>
internal sealed record DailyMean(DateTime Day, string Origin, long Flights, double MeanDelayMinutes)
{
    /// <summary>From a window of one day.</summary>
    public static DailyMean Of(OriginKey key, TimeWindow window, OriginTotals totals) =>
        new(window.Start.ToDateTime(), key.Origin, totals.Flights, (double)totals.DelayMinutes / totals.Flights);

    /// <summary>The row: <c>date,origin,flights,meanDelay</c>, the mean with three decimals.</summary>
    public string ToCsv() => string.Create(
        CultureInfo.InvariantCulture, $"{Day:yyyy-MM-dd},{Origin},{Flights},{MeanDelayMinutes:F3}");
}
