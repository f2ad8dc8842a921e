using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Checkpointing.Tool.Tests.Inspection;

/// <summary>The page that <c>report</c> writes: by its text, and as a browser sees it where one is installed.</summary>
public sealed partial class ReportTests(DemoStore store) : IClassFixture<DemoStore>, IDisposable
{
    private static readonly string[] s_parts =
        ["startDelayMs", "alignmentMs", "synchronousMs", "asynchronousMs", "reportingMs", "committingMs"];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Report_Demo_NeedsNoNetworkAndHasTheNumbersOfStats()
    {
        var page = await File.ReadAllTextAsync(await WriteAsync());
        var stats = (await DemoStore.JsonAsync(ExitCodes.Success, "stats", store.Root))[0];

        page.Should().NotContain("http:").And.NotContain("https:").And.NotContain("src=").And.NotContain("url(http");
        JsonDocument.Parse(Embedded().Match(page).Groups[1].Value).RootElement.GetRawText()
            .Should().Be(stats.GetRawText());
        var shown = Bytes().Matches(page).Select(static match => long.Parse(match.Groups[1].Value)).ToList();
        foreach (var job in stats.GetProperty("jobs").EnumerateArray())
        {
            page.Should().Contain($"data-job=\"{job.GetProperty("job").GetString()}\"");
            foreach (var one in job.GetProperty("checkpoints").EnumerateArray())
            {
                shown.Should().Contain(one.GetProperty("bytes").GetInt64())
                    .And.Contain(one.GetProperty("newBytes").GetInt64())
                    .And.Contain(one.GetProperty("reusedBytes").GetInt64());
            }
        }
    }

    [Fact]
    public async Task Report_Demo_SaysWhereTheTimeWentAsListAndStatsDo()
    {
        var page = await File.ReadAllTextAsync(await WriteAsync());
        var list = await DemoStore.JsonAsync(ExitCodes.Success, "list", store.Root);
        var stats = (await DemoStore.JsonAsync(ExitCodes.Success, "stats", store.Root))[0];

        var recorded = stats.GetProperty("jobs").EnumerateArray()
            .SelectMany(static job => job.GetProperty("checkpoints").EnumerateArray()).ToList();
        recorded.Select(static one => one.GetProperty("phases").GetRawText())
            .Should().Equal(list.Select(static one => one.GetProperty("phases").GetRawText()));
        var rows = PhaseRows().Matches(page).Select(static row => Milliseconds().Matches(row.Value)
            .Select(static cell => double.Parse(cell.Groups[1].Value, CultureInfo.InvariantCulture)).ToList()).ToList();
        rows.Should().HaveCount(recorded.Count, "every retained checkpoint of the demo was recorded");
        foreach (var (shown, one) in rows.Zip(recorded))
        {
            var phases = one.GetProperty("phases");
            var parts = s_parts.Select(name => phases.GetProperty(name).GetDouble()).ToList();
            var total = phases.GetProperty("totalMs").GetDouble();
            shown.Should().Equal([.. parts, total]);
            parts.Sum().Should().BeApproximately(total, 0.01);
            total.Should().BeGreaterThan(0);
            phases.GetProperty("subtask").GetString().Should().MatchRegex(@"^[a-z-]+\[\d+\]$");
        }

        foreach (var history in stats.GetProperty("jobs").EnumerateArray()
            .Select(static job => job.GetProperty("history")))
        {
            history.GetProperty("completed").GetInt64().Should()
                .BeGreaterThanOrEqualTo(history.GetProperty("measured").GetInt64()).And.BePositive();
            history.GetProperty("total").GetProperty("longestMs").GetDouble().Should()
                .BeGreaterThanOrEqualTo(history.GetProperty("total").GetProperty("medianMs").GetDouble());
        }
    }

    [Fact]
    public async Task ListStatsReport_JobWithoutStatistics_SayThatNothingIsRecorded()
    {
        foreach (var folder in Directory.EnumerateDirectories(store.Root, "statistics", SearchOption.AllDirectories))
        {
            Directory.Move(folder, folder + "-away");
        }

        try
        {
            var page = await File.ReadAllTextAsync(await WriteAsync());
            var list = await DemoStore.JsonAsync(ExitCodes.Success, "list", store.Root);
            var stats = (await DemoStore.JsonAsync(ExitCodes.Success, "stats", store.Root))[0];

            page.Should().Contain("The job has recorded nothing of these checkpoints.");
            list.Should().OnlyContain(static one => one.GetProperty("phases").ValueKind == JsonValueKind.Null);
            stats.GetProperty("jobs")[0].GetProperty("history").ValueKind.Should().Be(JsonValueKind.Null);
        }
        finally
        {
            foreach (var folder in Directory.EnumerateDirectories(
                store.Root, "statistics-away", SearchOption.AllDirectories))
            {
                Directory.Move(folder, folder[..^"-away".Length]);
            }
        }
    }

    [Fact]
    public async Task Report_InABrowser_ShowsNoErrorAndTheSameRows()
    {
        var chromium = new[] { "/usr/bin/chromium", "/usr/bin/chromium-browser" }.FirstOrDefault(File.Exists);
        Assert.SkipWhen(chromium is null, "The Debian package 'chromium' is not installed: no browser opens the page.");
        var path = await WriteAsync();
        var start = new ProcessStartInfo(
            chromium!,
            [
                "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--log-level=0",
                $"--user-data-dir={_folder["profile"]}", "--dump-dom", new Uri(path).AbsoluteUri,
            ])
        {
            RedirectStandardOutput = true, RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        try
        {
            await process.WaitForExitAsync(deadline.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"The browser did not end: {await error}");
        }

        (await error).Should().NotContain("CONSOLE");
        var list = await DemoStore.JsonAsync(ExitCodes.Success, "list", store.Root);
        var ids = list.Select(static one => one.GetProperty("checkpointId").GetInt64()).ToList();
        Rows().Matches(await output).Select(static match => long.Parse(match.Groups[1].Value)).Should().Equal(ids);
        PhaseRows().Matches(await output).Select(static match => long.Parse(match.Groups[1].Value)).Should().Equal(ids);
    }

    private async Task<string> WriteAsync()
    {
        var path = _folder["report.html"];
        await DemoStore.JsonAsync(ExitCodes.Success, "report", store.Root, "--html", path);
        return path;
    }

    [GeneratedRegex("""id="stats">(.*)</script>""")]
    private static partial Regex Embedded();

    [GeneratedRegex("""data-bytes="(\d+)">""")]
    private static partial Regex Bytes();

    [GeneratedRegex("""<tr data-id="(\d+)">""")]
    private static partial Regex Rows();

    [GeneratedRegex("""<tr data-phases="(\d+)">.*""")]
    private static partial Regex PhaseRows();

    [GeneratedRegex("""data-ms="([\d.]+)">""")]
    private static partial Regex Milliseconds();
}
