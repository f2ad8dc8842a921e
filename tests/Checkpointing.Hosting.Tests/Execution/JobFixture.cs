using Checkpointing.Hosting.Tests.Support;
using Checkpointing.RocksDb;
using Checkpointing.State;
using Checkpointing.State.Heap;
using Checkpointing.Storage.Local;

namespace Checkpointing.Hosting.Tests.Execution;

/// <summary>A folder with storage, outputs and a host, for one test.</summary>
internal sealed class JobFixture : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();

    public JobFixture(InProcessHostOptions? options = null, bool onRocksDb = false)
        : this(
            folder => onRocksDb
                ? new RocksDbBackendFactory(new() { WorkingDirectory = folder })
                : new HeapBackendFactory(),
            options)
    {
    }

    /// <param name="backend">Makes the backend, given a working folder.</param>
    /// <param name="options">Of the host.</param>
    public JobFixture(Func<string, IKeyedStateBackendFactory> backend, InProcessHostOptions? options)
    {
        Storage = new(_folder.File("checkpoints"));
        Host = new InProcessHostBuilder(Storage).WithBackend(backend(_folder.File("work")))
            .WithOptions(options ?? new()).Build();
    }

    /// <summary>No test waits longer than this for anything.</summary>
    public CancellationToken Deadline { get; } = new CancellationTokenSource(TimeSpan.FromSeconds(60)).Token;

    public LocalCheckpointStorage Storage { get; }

    public InProcessHost Host { get; set; }

    public string Windows => _folder.File("windows.csv");

    public string Totals => _folder.File("totals.csv");

    public string File(string name) => _folder.File(name);

    /// <summary>Files of checkpoints that the storage holds, registers apart.</summary>
    public async Task<List<string>> StoredFilesAsync()
    {
        var files = new List<string>();
        await foreach (var file in Storage.ListAsync("", Deadline))
        {
            if (!file.Path.Contains("/register/", StringComparison.Ordinal))
            {
                files.Add(file.Path);
            }
        }

        return files;
    }

    /// <summary>Compares both outputs with the straight computation.</summary>
    public void OutputsShouldBeThoseOf(IReadOnlyList<Order> orders, string because)
    {
        Orders.Sorted(Windows).Should().Equal(Orders.ExpectedWindows(orders), because);
        Orders.Sorted(Totals, headerLines: 1).Should().Equal(Orders.ExpectedTotals(orders), because);
        System.IO.File.ReadLines(Totals).First().Should().Be("customer,total");
    }

    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        Storage.Dispose();
        _folder.Dispose();
    }
}
