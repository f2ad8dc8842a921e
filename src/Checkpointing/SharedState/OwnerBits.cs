using System.Numerics;

namespace Checkpointing.SharedState;

/// <summary>A set of small numbers: one bit each. Up to 64 of them take no memory of their own.</summary>
internal struct OwnerBits
{
    private const int WordBits = 64;

    private ulong _first;
    private ulong[]? _rest;

    public readonly int Count
    {
        get
        {
            var count = BitOperations.PopCount(_first);
            foreach (var word in _rest ?? [])
            {
                count += BitOperations.PopCount(word);
            }

            return count;
        }
    }

    public readonly bool Contains(int bit)
    {
        var word = (bit / WordBits) - 1;
        return word < 0
            ? (_first & Mask(bit)) != 0
            : _rest is { } rest && word < rest.Length && (rest[word] & Mask(bit)) != 0;
    }

    /// <returns>Whether it was not in.</returns>
    public bool Add(int bit)
    {
        if (Contains(bit))
        {
            return false;
        }

        var word = (bit / WordBits) - 1;
        if (word < 0)
        {
            _first |= Mask(bit);
            return true;
        }

        if (word >= (_rest?.Length ?? 0))
        {
            Array.Resize(ref _rest, word + 1);
        }

        _rest![word] |= Mask(bit);
        return true;
    }

    /// <returns>Whether it was in.</returns>
    public bool Remove(int bit)
    {
        if (!Contains(bit))
        {
            return false;
        }

        var word = (bit / WordBits) - 1;
        if (word < 0)
        {
            _first &= ~Mask(bit);
        }
        else
        {
            _rest![word] &= ~Mask(bit);
        }

        return true;
    }

    private static ulong Mask(int bit) => 1UL << (bit % WordBits);
}
