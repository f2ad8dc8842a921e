namespace Checkpointing.LoadTests;

/// <summary>Measures some ratios over one state, which takes longer to fill than each of them to measure.</summary>
/// <param name="folder">Where databases and checkpoints go.</param>
/// <param name="wanted">Names of the ratios that are asked for.</param>
/// <param name="cancellationToken">Observed between two runs.</param>
internal delegate IAsyncEnumerable<Ratio> RunRatios(
    LoadTestFolder folder, IReadOnlySet<string> wanted, CancellationToken cancellationToken);

/// <summary>Ratios that are measured over one state.</summary>
/// <param name="Names">Their names, in the order in which they come.</param>
/// <param name="Run">Measures them.</param>
internal sealed record RatioGroup(string[] Names, RunRatios Run)
{
    /// <summary>A ratio with a state of its own.</summary>
    internal static RatioGroup Of(string name, Func<LoadTestFolder, CancellationToken, Task<Ratio>> run)
    {
        return new([name], RunOneAsync);

        async IAsyncEnumerable<Ratio> RunOneAsync(
            LoadTestFolder folder, IReadOnlySet<string> wanted,
            [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
        {
            yield return await run(folder, cancellationToken).ConfigureAwait(false);
        }
    }
}
