using Checkpointing.StateHandles;

namespace Checkpointing.Metadata.Native;

/// <summary>Lists of records whose number is known at their end only.</summary>
internal static class NativeLists
{
    /// <summary>The elements; null is the empty list.</summary>
    internal static ValueList<T> Own<T>(this List<T>? items) =>
        items is null ? default : MetadataInput.Own(items.ToArray());
}
