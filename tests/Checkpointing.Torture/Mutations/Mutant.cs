namespace Checkpointing.Torture.Mutations;

/// <summary>One change that Stryker made to the core.</summary>
/// <param name="Id">Its number.</param>
/// <param name="File">The file, below <c>src/Checkpointing</c>.</param>
/// <param name="Line">The line that the change begins in, from 1.</param>
/// <param name="Original">What stood there.</param>
/// <param name="Replacement">What took its place.</param>
/// <param name="Mutator">Stryker's name for changes of the kind.</param>
/// <param name="Status">What became of it, in Stryker's words.</param>
internal sealed record Mutant(
    int Id, string File, int Line, string Original, string Replacement, string Mutator, string Status)
{
    /// <summary>The concept that the file belongs to: the first folder, and of the coordinator its decisions.</summary>
    public string Concept => File[..File.IndexOf('/', StringComparison.Ordinal)];

    /// <summary>It compiles, and is of a file and of a kind that was asked for.</summary>
    public bool IsTried => IsKilled || HasLived;

    /// <summary>A test failed or hung.</summary>
    public bool IsKilled => Status is "Killed" or "Timeout";

    /// <summary>No test failed, or none went through it.</summary>
    public bool HasLived => Status is "Survived" or "NoCoverage" or "Limited";

    public override string ToString() =>
        $"{File}:{Line} {Mutator}: {OnOneLine(Original)} => {OnOneLine(Replacement)}";

    /// <summary>Spaces and line ends as one space.</summary>
    internal static string OnOneLine(string text) =>
        string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
}
