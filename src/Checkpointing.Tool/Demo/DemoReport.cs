namespace Checkpointing.Tool.Demo;

/// <summary>What a run of the demo gave. Its JSON form is the output of <c>--json</c>.</summary>
/// <param name="Events">Flights in the whole input, all passes together.</param>
/// <param name="Generations">The jobs that this process ran, oldest first.</param>
/// <param name="Origins">The airports, read from the last checkpoint, by name (ordinal).</param>
/// <param name="Windows">Rows of the output: days with flights, for each airport and pass.</param>
/// <param name="Output">Path of the output.</param>
internal sealed record DemoReport(
    long Events,
    IReadOnlyList<GenerationReport> Generations,
    IReadOnlyList<OriginReport> Origins,
    long Windows,
    string Output);

/// <summary>One job of the demo.</summary>
/// <param name="JobId">Its name, and its folder below <c>checkpoints</c>.</param>
/// <param name="Parallelism">Subtasks of the keyed operators.</param>
/// <param name="RestoredFrom">Path of the checkpoint that it started from; null for a start from the beginning.</param>
/// <param name="CheckpointId">The checkpoint at its end.</param>
/// <param name="CheckpointPath">Path of that checkpoint, below <c>checkpoints</c>.</param>
/// <param name="CheckpointMs">From trigger to durable, in milliseconds.</param>
/// <param name="NewBytes">Bytes stored for it.</param>
/// <param name="NewFiles">Files stored for it.</param>
/// <param name="ReusedBytes">Bytes of earlier checkpoints that it uses again.</param>
/// <param name="ReusedFiles">Files of earlier checkpoints that it uses again.</param>
/// <param name="RestoreMs">From starting the job to all its subtasks running, in milliseconds.</param>
/// <param name="EventsRead">Flights that it read.</param>
internal sealed record GenerationReport(
    string JobId,
    int Parallelism,
    string? RestoredFrom,
    long CheckpointId,
    string CheckpointPath,
    double CheckpointMs,
    long NewBytes,
    int NewFiles,
    long ReusedBytes,
    int ReusedFiles,
    double RestoreMs,
    long EventsRead);

/// <summary>What is known of an airport at the end.</summary>
/// <param name="Origin">The airport.</param>
/// <param name="Flights">Flights that left from it.</param>
/// <param name="TotalDelayMinutes">Sum of their delays; flights that were early count negative.</param>
/// <param name="MaxDelayMinutes">The greatest delay.</param>
internal sealed record OriginReport(string Origin, long Flights, long TotalDelayMinutes, int MaxDelayMinutes);
