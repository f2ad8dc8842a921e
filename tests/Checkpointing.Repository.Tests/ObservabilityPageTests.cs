using System.Reflection;
using System.Text.RegularExpressions;
using Checkpointing.Diagnostics;

namespace Checkpointing.Repository.Tests;

/// <summary>docs/observability.md names what the code names: no more and no less.</summary>
public sealed partial class ObservabilityPageTests
{
    private static readonly string s_page = RepositoryFiles.Read("docs/observability.md");

    [Fact]
    public void MetricsAndTags_AreThoseOfTheConstants()
    {
        var rocksDb = ConstantText()
            .Matches(RepositoryFiles.Read("src/Checkpointing.RocksDb/RocksDbMetrics.cs"))
            .Select(static match => match.Groups[1].Value);
        var spanTags = Constants(typeof(CheckpointingSpans)).Where(static name => name.StartsWith("checkpointing."));
        var expected = Constants(typeof(CheckpointingMetrics)).Concat(rocksDb).Concat(spanTags)
            .Where(static name => name.StartsWith("checkpointing.", StringComparison.Ordinal));

        MetricName().Matches(s_page).Select(static match => match.Groups[1].Value).Distinct().Should()
            .BeEquivalentTo(expected);
    }

    [Fact]
    public void Spans_AreThoseOfTheConstants()
    {
        var expected = Constants(typeof(CheckpointingSpans))
            .Where(static name => !name.StartsWith("checkpointing.", StringComparison.Ordinal));

        SpanName().Matches(s_page).Select(static match => match.Groups[1].Value).Should().BeEquivalentTo(expected);
    }

    [Fact]
    public void Events_AreThoseOfTheConstantsWithTheirLevels()
    {
        var levels = RepositoryFiles.Under(["src"], ".cs")
            .SelectMany(static path => LogMessage().Matches(RepositoryFiles.Read(path)))
            .Select(static match => (Name: match.Groups["name"].Value, Level: match.Groups["level"].Value)).ToHashSet();
        var expected = typeof(CheckpointingEventIds).GetFields(BindingFlags.Public | BindingFlags.Static)
            .SelectMany(field => levels.Where(one => one.Name == field.Name)
                .Select(one => $"{field.GetRawConstantValue()} {one.Level}"));

        EventRow().Matches(s_page).Select(static match => $"{match.Groups[1].Value} {match.Groups[2].Value}").Should()
            .Equal(expected, "each event has one level, and a row in the order of ids");
    }

    private static IEnumerable<string> Constants(Type type) => type
        .GetFields(BindingFlags.Public | BindingFlags.Static).Where(static field => field.IsLiteral)
        .Select(static field => (string)field.GetRawConstantValue()!);

    [GeneratedRegex("""const string \w+ = "(checkpointing\.[^"]+)";""")]
    private static partial Regex ConstantText();

    [GeneratedRegex(@"`(checkpointing\.[\w.]+)`")]
    private static partial Regex MetricName();

    [GeneratedRegex(@"^(?:[│├└─ ]*)((?:checkpoint|restore)[\w.]*)(?= {2,}|$)", RegexOptions.Multiline)]
    private static partial Regex SpanName();

    [GeneratedRegex(
        @"LoggerMessage\(\s*(?:EventId = )?CheckpointingEventIds\.(?<name>\w+),\s*"
        + @"(?:Level = )?LogLevel\.(?<level>\w+)")]
    private static partial Regex LogMessage();

    [GeneratedRegex(@"^\| (\d{4}) \| (\w+) \|", RegexOptions.Multiline)]
    private static partial Regex EventRow();
}
