using System.Globalization;
using Checkpointing.CompletedCheckpoints;
using Checkpointing.Coordination;
using Checkpointing.Hosting;
using Checkpointing.Hosting.Sinks;
using Checkpointing.Hosting.Sources;
using Checkpointing.Hosting.Windows;
using Checkpointing.RocksDb;
using Checkpointing.State;
using Checkpointing.State.Heap;
using Checkpointing.Storage.Local;
using Checkpointing.ZooKeeper.Servers;
using Checkpointing.ZooKeeper.Tests.Support;

namespace Checkpointing.ZooKeeper.Tests;

/// <summary>Whole jobs that go on from each other's retained checkpoints, by path: every backend, every place for the
/// list
/// of completed checkpoints, both ways to take a checkpoint over, and at last at other parallelisms.</summary>
/// <remarks>Each job begins where a checkpoint of the one before was taken, in the middle of its stream; what that one
/// did
/// afterwards is done again. The sums are exact, and in the end nothing is stored any more.</remarks>
public sealed class ExternalizedCheckpointTests(ExternalizedCheckpointTests.LazyServer server)
    : IClassFixture<ExternalizedCheckpointTests.LazyServer>
{
    private const int Keys = 10_000;
    private const long RecordsPerRound = 12_000;
    private const long Records = 5 * RecordsPerRound;

    // Ten records a millisecond: a window has each key two or three times.
    private const int RecordsPerMs = 10;
    private const int WindowMs = 2_500;
    private const string Prefix = "Tuple 1";

    /// <summary>Rounds, each with the parallelism of its job; the last one finishes.</summary>
    private static readonly int[] s_parallelisms = [2, 2, 2, 3, 1];

    public enum Backend
    {
        RocksDbIncremental = 0,
        RocksDbFull = 1,
        Heap = 2,
    }

    public enum Store
    {
        Standalone = 0,
        ZooKeeper = 1,
    }

    public static TheoryData<Backend, Store, ClaimMode> All
    {
        get
        {
            var all = new TheoryData<Backend, Store, ClaimMode>();
            foreach (var backend in Enum.GetValues<Backend>())
            {
                foreach (var store in Enum.GetValues<Store>())
                {
                    all.Add(backend, store, ClaimMode.NoClaim);
                    all.Add(backend, store, ClaimMode.Claim);
                }
            }

            return all;
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task Run_GoingOnFromEachOthersCheckpoints_SumsAreExactAndNothingStays(
        Backend backend, Store store, ClaimMode mode)
    {
        await using var bed = await Bed.OpenAsync(backend, store, server);
        string? from = null;
        for (var round = 0; round < s_parallelisms.Length; round++)
        {
            from = await RunRoundAsync(bed, round, from, mode, isIncremental: backend == Backend.RocksDbIncremental);
        }

        File.ReadLines(bed.Output).Order(StringComparer.Ordinal).Should().Equal(
            Expected(), "no row is missing or twice");
        for (var round = 0; round < s_parallelisms.Length; round++)
        {
            await bed.DropAsync(NameOf(round));
        }

        (await bed.StoredFilesAsync()).Should().BeEmpty();
        Directory.GetFiles(bed.Work, "*", SearchOption.AllDirectories).Should().BeEmpty("all backends are closed");
    }

    /// <summary>Runs one job; all but the last are cancelled after two checkpoints of the running stream.</summary>
    /// <returns>Path of the newest; empty for the last job, which keeps none.</returns>
    private static async Task<string> RunRoundAsync(
        Bed bed, int round, string? from, ClaimMode mode, bool isIncremental)
    {
        var isLast = round == s_parallelisms.Length - 1;
        var end = (round + 1) * RecordsPerRound;
        await using var run = await bed.Host.StartAsync(
            Define(bed.Output, isLast ? null : end),
            new()
            {
                Name = NameOf(round),
                Parallelism = s_parallelisms[round],
                Retention = CheckpointRetention.OnCancellation,
                ResumeFrom = from,
                ClaimMode = mode,
            },
            bed.Deadline);
        run.RestoredFrom.Should().Be(from);
        if (isLast)
        {
            (await run.Completion.WaitAsync(bed.Deadline)).Termination.Should().Be(JobTermination.Finished);
            run.LatestCheckpoint.Should().BeNull("a job that has finished drops what it retained");
            return "";
        }

        // Both fall anywhere into the running stream; each must succeed, also the first, whose base is foreign.
        await bed.UntilAsync(() => run.ElementsRead >= RecordsPerRound / 4);
        var first = await run.TriggerCheckpointAsync(bed.Deadline);
        await bed.UntilAsync(() => run.ElementsRead >= RecordsPerRound / 2);
        var second = await run.TriggerCheckpointAsync(bed.Deadline);
        second.Id.Value.Should().BeGreaterThan(first.Id.Value);
        if (isIncremental)
        {
            second.Cost.ReusedBytes.Should().BePositive("it refers to files of the first");
        }

        await run.CancelAsync(bed.Deadline);
        (await run.Completion).Termination.Should().Be(JobTermination.Cancelled);
        return second.Path;
    }

    private static string NameOf(int round) => string.Create(CultureInfo.InvariantCulture, $"round-{round}");

    private static StreamJob Define(string output, long? pauseAfter)
    {
        var job = new StreamJobBuilder("tuples", Bed.MaxParallelism);
        ISource<(string Key, long Sum)> numbers =
            new GeneratorSource<(string Key, long Sum)>(static number => (KeyOf(number), number)) { Count = Records };
        job.AddSource("numbers", pauseAfter is { } end ? numbers.PausingAfter(end) : numbers)
            .WithEventTime(static tuple => new(tuple.Sum / RecordsPerMs), TimeSpan.Zero)
            .KeyBy(static tuple => tuple.Key)
            .Window(TumblingWindows.Of(TimeSpan.FromMilliseconds(WindowMs)))
            .Reduce(
                "sums", static (left, right) => (left.Key, left.Sum + right.Sum),
                static (key, window, sum) => (key, window.Start, sum.Sum),
                StateSerializer.Tuple(StateSerializer.String, StateSerializer.Int64))
            .Filter(static row => row.key.StartsWith(Prefix, StringComparison.Ordinal))
            .Map(static row => Row(row.key, row.Start.Milliseconds, row.Sum))
            .AddSink("file", new TwoPhaseFileSink<string>(output, static row => row));
        return job.Build();
    }

    private static IEnumerable<string> Expected()
    {
        var sums = new Dictionary<(string Key, long Start), long>();
        for (var number = 0L; number < Records; number++)
        {
            var (key, time) = (KeyOf(number), number / RecordsPerMs);
            if (key.StartsWith(Prefix, StringComparison.Ordinal))
            {
                var window = (key, time - (time % WindowMs));
                sums[window] = sums.GetValueOrDefault(window) + number;
            }
        }

        return sums.Select(static sum => Row(sum.Key.Key, sum.Key.Start, sum.Value)).Order(StringComparer.Ordinal);
    }

    private static string KeyOf(long number) => string.Create(CultureInfo.InvariantCulture, $"Tuple {number % Keys}");

    private static string Row(string key, long start, long sum) =>
        string.Create(CultureInfo.InvariantCulture, $"{key},{start},{sum}");

    /// <summary>One server for all cases that need it. Where ZooKeeper is missing, only those are skipped.</summary>
    public sealed class LazyServer : IAsyncDisposable
    {
        private readonly Lazy<Task<ZooKeeperServer>> _server = new(static () => ZooKeeperInTests.StartServerAsync());
        private int _lastFolder;

        /// <summary>A connection string with a part of the tree that nobody has used.</summary>
        internal async Task<string> NewRootAsync()
        {
            var address = (await _server.Value).Address;
            var number = Interlocked.Increment(ref _lastFolder).ToString(CultureInfo.InvariantCulture);
            return $"{address}/externalized-{number}";
        }

        public async ValueTask DisposeAsync()
        {
            if (_server is { IsValueCreated: true, Value.IsCompletedSuccessfully: true })
            {
                await (await _server.Value).DisposeAsync();
            }
        }
    }

    /// <summary>What one case works with.</summary>
    private sealed class Bed : IAsyncDisposable
    {
        public const int MaxParallelism = 128;

        private readonly string _folder = Directory.CreateTempSubdirectory("externalized-").FullName;
        private readonly LocalCheckpointStorage _storage;
        private readonly ZooKeeperCheckpointRegister? _register;
        private readonly CancellationTokenSource _deadline = new(TimeSpan.FromMinutes(2));

        private Bed(Backend backend, string? servers)
        {
            _storage = new(Path.Combine(_folder, "checkpoints"));
            Directory.CreateDirectory(Work);
            IKeyedStateBackendFactory factory = backend == Backend.Heap
                ? new HeapBackendFactory()
                : new RocksDbBackendFactory(new()
                {
                    WorkingDirectory = Work,
                    Snapshots = backend == Backend.RocksDbFull
                        ? RocksDbSnapshotMode.Full
                        : RocksDbSnapshotMode.Incremental,
                });
            var builder = new InProcessHostBuilder(_storage).WithBackend(factory);
            if (servers is not null)
            {
                _register = new(new() { ConnectionString = servers });
                builder = builder.WithRegister(_register);
            }

            Host = builder.Build();
        }

        public InProcessHost Host { get; }

        public CancellationToken Deadline => _deadline.Token;

        public string Output => Path.Combine(_folder, "sums.csv");

        public string Work => Path.Combine(_folder, "work");

        public static async Task<Bed> OpenAsync(Backend backend, Store store, LazyServer server) =>
            new(backend, store == Store.ZooKeeper ? await server.NewRootAsync() : null);

        /// <summary>Drops what a job that is over has retained: takes its epoch, and ends it as finished.</summary>
        public async Task DropAsync(string job)
        {
            var builder = new CheckpointCoordinatorBuilder(_storage)
                .WithJob(new JobTopology(job, MaxParallelism) { { "sums", 1 } }).WithTaskGateway(new NoTasks());
            await using var coordinator = (_register is null ? builder : builder.WithRegister(_register)).Build();
            await coordinator.RecoverAsync(allowNonRestoredState: true, Deadline);
            await coordinator.EndAsync(JobTermination.Finished, Deadline);
        }

        /// <summary>All there is but the registers that stand beside the checkpoints: a job's name outlives
        /// it.</summary>
        public async Task<List<string>> StoredFilesAsync()
        {
            var files = new List<string>();
            await foreach (var file in _storage.ListAsync("", Deadline))
            {
                if (_register is not null || !file.Path.Contains("/register/", StringComparison.Ordinal))
                {
                    files.Add(file.Path);
                }
            }

            return files;
        }

        public async Task UntilAsync(Func<bool> condition)
        {
            using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(1));
            while (!condition())
            {
                await timer.WaitForNextTickAsync(Deadline);
            }
        }

        public async ValueTask DisposeAsync()
        {
            await Host.DisposeAsync();
            if (_register is not null)
            {
                await _register.DisposeAsync();
            }

            _storage.Dispose();
            _deadline.Dispose();
            Directory.Delete(_folder, recursive: true);
        }

        private sealed class NoTasks : ITaskGateway
        {
            public ValueTask TriggerAsync(TriggerCheckpoint message, CancellationToken cancellationToken) =>
                ValueTask.CompletedTask;

            public ValueTask NotifyCompletedAsync(CheckpointCompleted message, CancellationToken cancellationToken) =>
                ValueTask.CompletedTask;

            public ValueTask NotifyAbortedAsync(CheckpointAborted message, CancellationToken cancellationToken) =>
                ValueTask.CompletedTask;
        }
    }
}
