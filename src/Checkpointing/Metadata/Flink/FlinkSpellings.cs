using Checkpointing.StateHandles;

namespace Checkpointing.Metadata.Flink;

/// <summary>The texts of one file whose stored bytes are not those that their characters would give, with those
/// bytes.</summary>
/// <remarks>
/// Java reads a raw zero byte and over-long forms but never writes them. To write such a file again unchanged, the
/// occurrences are remembered: by reference, as the same characters may stand elsewhere in the usual bytes. Texts that
/// read as usual, that is practically all, cost nothing here.
/// </remarks>
internal sealed class FlinkSpellings : IEquatable<FlinkSpellings>
{
    private readonly ValueList<Spelling> _spellings;

    internal FlinkSpellings(IEnumerable<Spelling> spellings) => _spellings = spellings.ToValueList();

    /// <summary>How many texts.</summary>
    internal int Count => _spellings.Count;

    /// <summary>The stored bytes of texts, found by reference.</summary>
    internal Dictionary<string, ValueList<byte>> ByReference()
    {
        var result = new Dictionary<string, ValueList<byte>>(_spellings.Count, ReferenceEqualityComparer.Instance);
        foreach (var spelling in _spellings)
        {
            result[spelling.Text] = spelling.Bytes;
        }

        return result;
    }

    /// <inheritdoc/>
    public bool Equals(FlinkSpellings? other) => other is not null && _spellings == other._spellings;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as FlinkSpellings);

    /// <inheritdoc/>
    public override int GetHashCode() => _spellings.GetHashCode();

    /// <summary>One occurrence of a text.</summary>
    internal readonly record struct Spelling(string Text, ValueList<byte> Bytes);
}
