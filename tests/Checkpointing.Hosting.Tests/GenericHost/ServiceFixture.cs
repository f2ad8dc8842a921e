using Checkpointing.Hosting.Sources;
using Checkpointing.Hosting.Tests.Support;
using Checkpointing.Storage;
using Checkpointing.Storage.Local;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace Checkpointing.Hosting.Tests.GenericHost;

/// <summary>Applications with jobs on one folder, for one test.</summary>
internal sealed class ServiceFixture : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly LocalCheckpointStorage _local;

    public ServiceFixture()
    {
        _local = new(_folder.File("checkpoints"));
        Storage = new(_local);
    }

    /// <summary>No test waits longer than this for anything.</summary>
    public CancellationToken Deadline { get; } = new CancellationTokenSource(TimeSpan.FromSeconds(60)).Token;

    public WaitingStorage Storage { get; }

    public RecordedLog Log { get; } = new();

    public FakeTimeProvider Time { get; } = new();

    public Dictionary<string, string?> Settings { get; } = [];

    public string Windows => _folder.File("windows.csv");

    public string Totals => _folder.File("totals.csv");

    public string File(string name) => _folder.File(name);

    /// <summary>An application with what the test adds, on the test's storage and in real time.</summary>
    public IHost Build(Action<CheckpointingBuilder> add, Action<HostApplicationBuilder>? configure = null)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new() { DisableDefaults = true });
        builder.Configuration.AddInMemoryCollection(Settings);
        builder.Logging.AddProvider(Log);
        var checkpointing = builder.Services.AddCheckpointing(builder.Configuration.GetSection("Checkpointing"))
            .UseStorage(_ => Storage);
        add(checkpointing);
        builder.Services.AddHealthChecks().AddCheckpointing(TimeSpan.FromMinutes(5));
        configure?.Invoke(builder);
        return builder.Build();
    }

    /// <summary>An application in virtual time.</summary>
    public IHost BuildInVirtualTime(Action<CheckpointingBuilder> add) =>
        Build(add, builder => builder.Services.AddSingleton<TimeProvider>(Time));

    /// <summary>The orders job, which stays when its source pauses or its input has ended.</summary>
    public StreamJob Define(ISource<Order> source, Action<Order>? onElement = null) =>
        Orders.Define(source, Windows, Totals, onElement);

    public async Task<HealthReportEntry> CheckHealthAsync(IHost host)
    {
        var report = await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(Deadline);
        return report.Entries.Should().ContainSingle().Which.Value;
    }

    public async Task<List<string>> StoredFilesAsync(string folder)
    {
        var files = new List<string>();
        await foreach (var file in _local.ListAsync(folder, Deadline))
        {
            files.Add(file.Path);
        }

        return files;
    }

    public void Dispose()
    {
        Storage.GoOn();
        _local.Dispose();
        _folder.Dispose();
    }
}
