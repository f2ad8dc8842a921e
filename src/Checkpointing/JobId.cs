namespace Checkpointing;

/// <summary>Name of a job. It is the job's folder on storage and maps to its register, so it is its identity.</summary>
/// <remarks>1 to 200 characters; no slash, no control character, not <c>.</c> or <c>..</c>; compared by
/// ordinal.</remarks>
public readonly record struct JobId
{
    private readonly string? _name;

    /// <summary>Makes an id from a name.</summary>
    /// <exception cref="ArgumentException">The name is empty, too long or holds a slash.</exception>
    public JobId(string name) => _name = NameRules.Check(name, "A job name", nameof(name));

    /// <summary>The job's name.</summary>
    public string Name => _name ?? throw new InvalidOperationException("This JobId was never given a name.");

    /// <summary>A name is a job's id wherever one is asked for.</summary>
    public static implicit operator JobId(string name) => new(name);

    /// <summary>Makes an id from a name.</summary>
    public static JobId FromString(string name) => new(name);

    /// <inheritdoc/>
    public override string ToString() => _name ?? "(no job)";
}
