using System.Text.Json;

namespace Checkpointing.Torture.Kills;

/// <summary>How far a run has come; kept in a file, so that a run can be stopped and taken up again.</summary>
internal sealed record KillsProgress
{
    /// <summary>Seed of the first job.</summary>
    public required int Seed { get; init; }

    /// <summary>Seeds of the jobs that are done.</summary>
    public SortedSet<int> Done { get; init; } = [];

    /// <summary>What happened in them.</summary>
    public SortedDictionary<string, long> Counts { get; init; } = [];

    /// <summary>What failed in them.</summary>
    public List<TortureFailure> Failures { get; init; } = [];

    /// <summary>Seconds spent so far.</summary>
    public double Seconds { get; set; }

    /// <summary>Reads a file; a new run if there is none.</summary>
    /// <exception cref="ArgumentException">The file is of a run with another seed.</exception>
    internal static KillsProgress Load(string? path, int seed)
    {
        if (path is null || !File.Exists(path))
        {
            return new() { Seed = seed };
        }

        var progress = JsonSerializer.Deserialize<KillsProgress>(File.ReadAllText(path))!;
        return progress.Seed == seed ? progress : throw new ArgumentException(
            $"'{path}' is of a run with seed {progress.Seed}, not {seed}.");
    }

    /// <summary>Writes the file, all or nothing.</summary>
    internal void Save(string? path)
    {
        if (path is not null)
        {
            var temporary = path + ".new";
            File.WriteAllText(temporary, JsonSerializer.Serialize(this));
            File.Move(temporary, path, overwrite: true);
        }
    }
}
