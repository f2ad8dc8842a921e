namespace Checkpointing.State;

/// <summary>A current namespace; ends when disposed. The compiler keeps it to one thread and one block.</summary>
public readonly ref struct NamespaceScope : IDisposable
{
    private readonly CurrentKey? _owner;
    private readonly int _number;

    internal NamespaceScope(CurrentKey owner, int number) => (_owner, _number) = (owner, number);

    /// <summary>Ends the scope; a second time nothing happens.</summary>
    public void Dispose() => _owner?.LeaveNamespace(_number);
}
