namespace Checkpointing.LoadTests;

/// <summary>What a run was asked for.</summary>
/// <param name="StateBytes">Keys and values of one side.</param>
/// <param name="Runs">Pairs of runs a ratio.</param>
/// <param name="ParentFolder">Where the folder of a ratio is made.</param>
internal sealed record LoadTestSettings(long StateBytes, int Runs, string ParentFolder)
{
    /// <summary>Number of rows that make up the state.</summary>
    internal int RowCount => (int)Math.Min(StateBytes / (Rows.KeyBytes + Rows.ValueBytes), int.MaxValue / 2);
}
