using Checkpointing.Hosting.Files;
using Checkpointing.Hosting.Sinks;
using Checkpointing.Hosting.Tests.Support;
using Checkpointing.State;

namespace Checkpointing.Hosting.Tests.Sinks;

/// <summary>A crash at each file operation of a file sink's life, and again at each one of the recovery: every row is
/// in
/// the output once.</summary>
public sealed class FileSinkCrashTests : IDisposable
{
    private const int Checkpoints = 3;
    private const int Writers = 2;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Life_CrashAtEachStep_EachRowIsThereOnce(bool losesUnsynced)
    {
        var steps = (await new Life(NewFolder(), disk: null, crashAt: null).RunAsync()).Steps;
        steps.Should().BeGreaterThan(20, "else nothing was tried");
        for (var at = 0; at < steps; at++)
        {
            var folder = NewFolder();
            var disk = losesUnsynced ? new LossyDisk(folder) : null;
            var crashed = await new Life(folder, disk, crashAt: at).RunAsync();
            crashed.HasCrashed.Should().BeTrue();
            disk?.Crash(at);

            // The recovery crashes, too, each time at another of its steps.
            var again = await new Life(folder, disk, crashAt: at % 7, crashed).RunAsync();
            if (again.HasCrashed)
            {
                disk?.Crash(at * 31);
            }

            var last = await new Life(folder, disk, crashAt: null, again).RunAsync();

            last.HasCrashed.Should().BeFalse();
            File.ReadAllText(last.Output).Should().Be(last.Expected, "crash at step {0}", at);
            Directory.Exists(last.Output + ".parts").Should().BeFalse("crash at step {0}", at);
        }
    }

    private string NewFolder() => Directory.CreateDirectory(_folder.File(Guid.NewGuid().ToString("N"))).FullName;

    private sealed class CrashException : Exception;

    /// <summary>One process: opens what was durable, writes, prepares, commits, and ends or crashes.</summary>
    private sealed class Life(string folder, LossyDisk? disk, int? crashAt, Life? before = null)
    {
        private readonly List<(long Checkpoint, PartFile Part)> _pending = [.. before?._durablePending ?? []];
        private long? _durableLength = before?._durableLength;
        private List<(long Checkpoint, PartFile Part)> _durablePending = [.. before?._durablePending ?? []];
        private long _durableCheckpoint = before?._durableCheckpoint ?? 0;
        private readonly long _epoch = (before?._epoch ?? 0) + 1;

        public string Output => Path.Combine(folder, "a/b/rows.csv");

        public int Steps { get; private set; }

        public bool HasCrashed { get; private set; }

        public string Expected => "head\n" + string.Concat(
            Enumerable.Range(1, Checkpoints).SelectMany(static checkpoint => Enumerable.Range(0, Writers)
                .SelectMany(writer => RowsOf(checkpoint, writer))).Select(static row => row + "\n"));

        public async Task<Life> RunAsync()
        {
            disk?.Settle();
            var sink = new TwoPhaseFileSink<string>(Output, static row => row) { Header = "head", Hook = Hook };
            var committer = sink.CreateCommitter();
            var writers = Enumerable.Range(0, Writers).Select(_ => sink.CreateWriter()).ToList();
            try
            {
                await LiveAsync(committer, writers);
                writers.ForEach(static writer => writer.Dispose());
                committer.Dispose();
            }
            catch (CrashException)
            {
                // Nothing is disposed: a process that was killed does not tidy up.
                HasCrashed = true;
            }

            return this;
        }

        private async Task LiveAsync(SinkCommitter<PartFile> committer, List<TwoPhaseWriter<string, PartFile>> writers)
        {
            var context = await ContextAsync(0, committer.States);
            var length = context.State.GetState((OperatorListStateDescriptor<long>)committer.States[0]);
            if (_durableLength is { } restored)
            {
                length.Replace([restored]);
            }

            var pending = _pending.Select(static entry => entry.Part).ToList();
            committer.Check(context, pending);
            committer.Open(context, pending);
            for (var writer = 0; writer < Writers; writer++)
            {
                writers[writer].Open(await ContextAsync(writer, []));
            }

            _pending.Clear();
            for (var checkpoint = _durableCheckpoint + 1; checkpoint <= Checkpoints; checkpoint++)
            {
                for (var writer = 0; writer < Writers; writer++)
                {
                    RowsOf(checkpoint, writer).ForEach(row => writers[writer].Write(row, new(0)));
                    _pending.AddRange(writers[writer].Prepare(new(checkpoint)).Select(part => (checkpoint, part)));
                }

                committer.SnapshotState();
                if (checkpoint != 2)
                {
                    // The second checkpoint is aborted; the third one holds its rows, too.
                    (_durableCheckpoint, _durableLength) = (checkpoint, length.Items[0]);
                    _durablePending = [.. _pending];
                    committer.Commit([.. _pending.Select(static entry => entry.Part)]);
                    _pending.Clear();
                }
            }
        }

        private static List<string> RowsOf(long checkpoint, int writer) =>
            [.. Enumerable.Range(0, 3).Select(i => $"{checkpoint}-{writer}-{i}")];

        private Task<SinkContext> ContextAsync(int index, IReadOnlyList<StateDescriptor> states) =>
            SubtaskContexts.SinkContextAsync(SubtaskContexts.Of(index: index, epoch: _epoch), states);

        private void Hook(FileStep step, string path)
        {
            disk?.Before(step, path);
            if (Steps++ == crashAt)
            {
                throw new CrashException();
            }
        }
    }
}
