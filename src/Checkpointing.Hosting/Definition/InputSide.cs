namespace Checkpointing.Hosting.Definition;

/// <summary>Which of an operator's two inputs an edge leads to.</summary>
internal enum InputSide
{
    /// <summary>The first, or the only one.</summary>
    First = 0,

    /// <summary>The second, or the broadcast one.</summary>
    Second = 1,
}
