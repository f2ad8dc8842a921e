namespace Checkpointing.Torture.States;

/// <summary>One access to one state of one key; what it does is up to the state's kind.</summary>
/// <param name="State">Index of the state; the number of states stands for timers.</param>
/// <param name="Key">The key.</param>
/// <param name="Namespace">The namespace, for states and timers that have one.</param>
/// <param name="MapKey">The map's key.</param>
/// <param name="Choice">What to do, 0 to <see cref="ChoiceCount"/> - 1.</param>
/// <param name="Number">A small number.</param>
/// <param name="Text">A text; may be empty.</param>
internal readonly record struct StateOperation(
    int State, string Key, int Namespace, int MapKey, int Choice, int Number, string Text)
{
    internal const int ChoiceCount = 12;
    internal const int MapKeyCount = 5;
    internal const int NamespaceCount = 3;

    /// <summary>The choice that reads, whatever the kind.</summary>
    internal const int Read = 0;

    /// <summary>The row that it is about, of a state with a namespace or without.</summary>
    internal ModelRow RowOf(bool hasNamespace, bool isMap = false) =>
        new(Key, hasNamespace ? Namespace : -1, isMap ? MapKey : 0);
}
