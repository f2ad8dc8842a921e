using Checkpointing.Hosting;
using Checkpointing.RocksDb;
using Checkpointing.WorkerSample;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

var builder = Host.CreateApplicationBuilder(args);
builder.Services.AddCheckpointing(builder.Configuration.GetSection("Checkpointing"))
    .UseFileSystemStorage("data/checkpoints")
    .UseRocksDbBackend(options => options.WorkingDirectory = "data/work")
    .AddJob("delays", services => DelaysJob.Define("flights.csv", "delays.csv"), job =>
    {
        job.FinishAtEndOfInput = false;                        // the service stays, and so does the job
        job.OnShutdown = ShutdownAction.StopWithSavepoint;
    });
await builder.Build().RunAsync();
