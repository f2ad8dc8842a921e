using Checkpointing.Hosting.Sinks;
using Checkpointing.Hosting.Sources;

namespace Checkpointing.Hosting.Tests.Support;

/// <summary>Definitions of jobs around the operator that a test is about.</summary>
internal static class Jobs
{
    /// <summary>A job whose only operator between source and sink <c>out</c> is made by the test.</summary>
    public static StreamJob Of<T>(Action<StreamJobBuilder, DataStream<T>> define, int maxParallelism = 16)
    {
        var job = new StreamJobBuilder("job", maxParallelism);
        define(job, job.AddSource("source", new InMemorySource<T>([])));
        return job.Build();
    }

    public static void AddOut(this DataStream<string> stream, string name = "out") =>
        stream.AddSink(name, new InMemorySink<string>());
}
