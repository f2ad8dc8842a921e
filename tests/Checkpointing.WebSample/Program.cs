using Checkpointing.Hosting;
using Checkpointing.WebSample;

var builder = WebApplication.CreateBuilder(args);
builder.Services.AddCheckpointing(builder.Configuration.GetSection("Checkpointing"))
    .UseFileSystemStorage("data/checkpoints")
    .AddJob("readings", services => ReadingsJob.Define(builder.Configuration));
builder.Services.AddHealthChecks().AddCheckpointing(maxAge: TimeSpan.FromMinutes(5));

var app = builder.Build();
app.MapHealthChecks("/health");
app.MapGet("/jobs", (JobRegistry jobs) => jobs.All.Select(job => new
{
    Name = job.Name.Name,
    Status = job.Status.ToString(),
    Checkpoint = job.LatestCheckpoint?.Path,
    Read = job.Run?.ElementsRead,
    Failure = job.Failure?.GetType().Name,
}));
app.MapPost("/jobs/{name}/savepoint", async (string name, JobRegistry jobs, CancellationToken cancellationToken) =>
    jobs.TryGet(name, out var job)
        ? Results.Ok((await job.TriggerSavepointAsync("savepoints", cancellationToken)).Path)
        : Results.NotFound());
app.Run();
