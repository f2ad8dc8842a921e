using System.Globalization;
using Checkpointing.Hosting.Tests.Support;
using Checkpointing.Inspection;
using Checkpointing.Storage.Local;
using Checkpointing.WebSample;

namespace Checkpointing.Hosting.Tests.GenericHost;

/// <summary>Real processes: a rolling update, and SIGTERM.</summary>
public sealed class ServiceProcessTests : IDisposable
{
    private const string Often = "Checkpointing:Interval=00:00:00.100";

    private readonly TemporaryFolder _folder = new();
    private readonly CancellationTokenSource _deadline = new(TimeSpan.FromMinutes(2));

    public void Dispose()
    {
        _deadline.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task SecondProcess_TakesOver_TheFirstIsFencedAndUnhealthyAndTheOutputIsExactlyOnce()
    {
        const int Total = 3_000;
        CountTo(1_000);
        using var old = await ServiceProcess.StartAsync(_folder.Path, Total, _deadline.Token, Often);
        await old.WaitForJobAsync(static job => job.Read == 1_000 && job.Checkpoint is not null, _deadline.Token);
        (await old.HealthAsync(_deadline.Token)).Should().Be("Healthy");

        using var young = await ServiceProcess.StartAsync(_folder.Path, Total, _deadline.Token, Often);
        await young.WaitForJobAsync(static job => job.Status == "Running", _deadline.Token);
        CountTo(2_000);

        var fenced = await old.WaitForJobAsync(static job => job.Status == "Failed", _deadline.Token);
        fenced.Failure.Should().Be(nameof(CoordinatorFencedException));
        (await old.HealthAsync(_deadline.Token)).Should().Be("Unhealthy");
        (await young.HealthAsync(_deadline.Token)).Should().Be("Healthy");
        CountTo(Total);
        await young.WaitForJobAsync(static job => job.Status == "Finished", _deadline.Token);
        (await old.TerminateAsync(_deadline.Token)).Should().Be(0, old.Output);
        (await young.TerminateAsync(_deadline.Token)).Should().Be(0, young.Output);

        OutputShouldBeThatOf(Total);
    }

    [Theory]
    [InlineData("StopWithSavepoint", true)]
    [InlineData("Checkpoint", false)]
    public async Task Terminate_LeavesWhatWasAskedFor_AndTheNextProcessReadsNothingTwice(string action, bool savepoint)
    {
        const int Total = 1_500;
        CountTo(1_000);
        string[] settings = ["Checkpointing:OnShutdown=" + action, "Checkpointing:Interval=01:00:00"];
        using (var first = await ServiceProcess.StartAsync(_folder.Path, Total, _deadline.Token, settings))
        {
            await first.WaitForJobAsync(static job => job.Read == 1_000, _deadline.Token);
            (await first.SavepointAsync("writings", _deadline.Token)).Should().StartWith("404");

            (await first.TerminateAsync(_deadline.Token)).Should().Be(0, first.Output);
        }

        using (var storage = new LocalCheckpointStorage(_folder.File("checkpoints")))
        {
            var job = await JobInspection.ReadAsync(storage, "readings", _deadline.Token);
            job!.Newest.Should().NotBeNull("its last checkpoint stays");
        }

        var savepoints = _folder.File("checkpoints/savepoints");
        var found = Directory.Exists(savepoints)
            ? Directory.GetFiles(savepoints, "_metadata", SearchOption.AllDirectories)
            : [];
        found.Should().HaveCount(savepoint ? 1 : 0);

        CountTo(Total);
        using var second = await ServiceProcess.StartAsync(_folder.Path, Total, _deadline.Token, settings);
        var finished = await second.WaitForJobAsync(static job => job.Status == "Finished", _deadline.Token);
        (await second.TerminateAsync(_deadline.Token)).Should().Be(0, second.Output);

        finished.Read.Should().Be(Total - 1_000, "the first process had read and kept the rest");
        OutputShouldBeThatOf(Total);
    }

    // Replaced as a whole: a process that reads it sees one number or the other.
    private void CountTo(int count)
    {
        var temporary = _folder.File("counter.new");
        File.WriteAllText(temporary, count.ToString(CultureInfo.InvariantCulture));
        File.Move(temporary, _folder.File("counter"), overwrite: true);
    }

    private void OutputShouldBeThatOf(int total)
    {
        var sums = new Dictionary<string, (long Count, long Sum)>();
        var expected = new List<string>();
        for (var place = 0; place < total; place++)
        {
            var (sensor, value) = ReadingsJob.ReadingAt(place);
            var (count, sum) = sums.GetValueOrDefault(sensor);
            sums[sensor] = (count + 1, sum + value);
            expected.Add(ReadingsJob.Row(sensor, count + 1, sum + value));
        }

        File.ReadAllLines(_folder.File("sums.csv")).Order(StringComparer.Ordinal).Should().Equal(
            expected.Order(StringComparer.Ordinal), "no reading is counted twice, none is lost");
    }
}
