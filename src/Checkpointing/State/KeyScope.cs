namespace Checkpointing.State;

/// <summary>A current key; ends when disposed. The compiler keeps it to one thread and one block.</summary>
public readonly ref struct KeyScope : IDisposable
{
    private readonly CurrentKey? _owner;
    private readonly int _number;

    internal KeyScope(CurrentKey owner, int number) => (_owner, _number) = (owner, number);

    /// <summary>Ends the scope; a second time nothing happens.</summary>
    public void Dispose() => _owner?.LeaveKey(_number);
}
