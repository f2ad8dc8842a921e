namespace Checkpointing.Tool.Demo;

/// <summary>Nothing but one JSON object, at the end.</summary>
internal sealed class JsonDemoView(TextWriter output) : DemoView
{
    /// <inheritdoc/>
    public override void Started(DemoOptions options, FlightInput input)
    {
    }

    /// <inheritdoc/>
    public override void GenerationStarted(string jobId, int parallelism, string? restoredFrom, long first, long target)
    {
    }

    /// <inheritdoc/>
    public override void Progressed(long position)
    {
    }

    /// <inheritdoc/>
    public override void GenerationEnded(GenerationReport generation)
    {
    }

    /// <inheritdoc/>
    public override void Finish(DemoReport report) => output.WriteLine(DemoJson.Write(report));
}
