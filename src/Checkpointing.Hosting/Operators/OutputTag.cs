namespace Checkpointing.Hosting.Operators;

/// <summary>Names a side output of an operator: records beside its main output, of another type if need be.</summary>
/// <remarks>Immutable. Two tags of one name and type are the same output.</remarks>
/// <typeparam name="T">Type of the records.</typeparam>
public sealed class OutputTag<T>
{
    /// <summary>Makes a tag.</summary>
    /// <param name="name">Unique within the operator.</param>
    public OutputTag(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        Name = name;
    }

    /// <summary>Name, unique within the operator.</summary>
    public string Name { get; }
}
