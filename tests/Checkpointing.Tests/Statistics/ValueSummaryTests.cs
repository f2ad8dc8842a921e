using Checkpointing.Statistics;
using CsCheck;

namespace Checkpointing.Tests.Statistics;

public sealed class ValueSummaryTests
{
    private static readonly (int PerMille, Func<ValueSummary<long>, long> Read)[] s_percentiles =
    [
        (500, static summary => summary.P50), (900, static summary => summary.P90),
        (950, static summary => summary.P95), (990, static summary => summary.P99),
        (999, static summary => summary.P999),
    ];

    [Fact]
    public void Of_NoValue_IsTheDefault() =>
        ValueSummary.Of(Array.Empty<long>()).Should().Be(default(ValueSummary<long>));

    [Fact]
    public void Of_OneToThousand_GivesThePercentilesByName() =>
        ValueSummary.Of(Enumerable.Range(1, 1_000).Select(static i => (long)i).Reverse()).Should()
            .Be(new ValueSummary<long>(1_000, 1, 1_000, 500, 500, 900, 950, 990, 999));

    [Fact]
    public void Of_Times_AreAsTheirTicks() =>
        ValueSummary.Of([TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(1)]).Should().Be(new ValueSummary<TimeSpan>(
            2, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(1),
            TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(3)));

    // By the definition: a value of the list that enough values do not exceed, and the value before it is too small.
    [Fact]
    public void Of_AnyValues_PercentilesAreTheLeastThatSoManyDoNotExceed() =>
        Gen.Long[-50, 50].Array[1, 300].Sample(values =>
        {
            var summary = ValueSummary.Of(values);

            summary.Count.Should().Be(values.Length);
            (summary.Least, summary.Greatest).Should().Be((values.Min(), values.Max()));
            summary.Average.Should().Be((long)decimal.Truncate((decimal)values.Sum() / values.Length));
            foreach (var (perMille, read) in s_percentiles)
            {
                var value = read(summary);
                long Share(Func<long, bool> isCounted) => values.Count(isCounted) * 1000L;
                values.Should().Contain(value);
                Share(one => one <= value).Should().BeGreaterThanOrEqualTo((long)perMille * values.Length);
                Share(one => one < value).Should().BeLessThan((long)perMille * values.Length);
            }
        });
}
