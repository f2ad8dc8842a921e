using Checkpointing.Hosting;
using Checkpointing.RocksDb;

namespace Checkpointing.WorkerSample;

/// <summary>The same job without a container.</summary>
internal static class WithoutContainer
{
    public static async Task<JobResult> RunAsync(CancellationToken cancellationToken)
    {
        await using var host = new InProcessHostBuilder()
            .UseFileSystemStorage("data/checkpoints")
            .UseRocksDbBackend(options => options.WorkingDirectory = "data/work")
            .Build();
        await using var job = await host.StartAsync(
            DelaysJob.Define("flights.csv", "delays.csv"),
            new() { Parallelism = 2, Checkpoints = { Interval = TimeSpan.FromSeconds(10) } },
            cancellationToken);
        return await job.Completion;
    }
}
