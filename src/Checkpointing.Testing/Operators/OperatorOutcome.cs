using System.Buffers;
using System.Globalization;
using Checkpointing.State;

namespace Checkpointing.Testing.Operators;

/// <summary>What a run of an operator has come to.</summary>
internal sealed class OperatorOutcome<TKey, TOut>(StateSerializer<TKey> keySerializer, IEqualityComparer<TOut> comparer)
{
    private const string Hint =
        " They look the same: if their type has no equality by value, give the options an OutputComparer.";

    private readonly ArrayBufferWriter<byte> _keyBytes = new();

    /// <summary>All records that it has emitted.</summary>
    public List<Emission<TKey>> Output { get; } = [];

    /// <summary>Keyed state before the end of the input.</summary>
    public IReadOnlyList<KeyedRow> StateBeforeEnd { get; set; } = [];

    /// <summary>Keyed state after it.</summary>
    public IReadOnlyList<KeyedRow> StateAtEnd { get; set; } = [];

    /// <summary>A sentence about the first difference of another run; null if there is none.</summary>
    public string? FindDifference(OperatorOutcome<TKey, TOut> found) =>
        FindDifference(StateBeforeEnd, found.StateBeforeEnd, "before the end of the input")
        ?? FindDifferentOutput(found)
        ?? FindDifference(StateAtEnd, found.StateAtEnd, "at the end of the input");

    private static string? FindDifference(
        IReadOnlyList<KeyedRow> expected, IReadOnlyList<KeyedRow> found, string when)
    {
        var left = found.ToDictionary(static row => row.Id);
        foreach (var row in expected)
        {
            if (!left.Remove(row.Id, out var other))
            {
                return $"{row.Place}, {when}: expected {row.Text}, found nothing.";
            }

            if (!row.HasValueOf(other))
            {
                return $"{row.Place}, {when}: expected {row.Text}, found {other.Text}.";
            }
        }

        return found.FirstOrDefault(row => left.ContainsKey(row.Id)) is { } more
            ? $"{more.Place}, {when}: expected nothing, found {more.Text}."
            : null;
    }

    private static string Describe(Emission<TKey>? emission)
    {
        if (emission is null)
        {
            return "nothing";
        }

        var text = string.Create(CultureInfo.InvariantCulture, $"{emission.Value ?? "null"}");
        var time = emission.Time == Timestamp.MinValue ? "" : $" at {emission.Time}";
        return $"{text}{time}{(emission.Tag is { } tag ? $" at side output '{tag}'" : "")}";
    }

    private string? FindDifferentOutput(OperatorOutcome<TKey, TOut> found)
    {
        var (expectedOf, foundOf) = (ByKey(), found.ByKey());
        foreach (var key in expectedOf.Keys.Union(foundOf.Keys))
        {
            var wanted = expectedOf.GetValueOrDefault(key, []);
            var given = foundOf.GetValueOrDefault(key, []);
            for (var i = 0; i < Math.Max(wanted.Count, given.Count); i++)
            {
                if (i >= wanted.Count || i >= given.Count || !IsSame(wanted[i], given[i]))
                {
                    return DescribeDifference(wanted, given, i);
                }
            }
        }

        return null;
    }

    private string DescribeDifference(List<Emission<TKey>> wanted, List<Emission<TKey>> given, int index)
    {
        var (expected, found) = (wanted.ElementAtOrDefault(index), given.ElementAtOrDefault(index));
        var of = (expected ?? found)!;
        var (expectedText, foundText) = (Describe(expected), Describe(found));
        var remark = HaveSameRecords(wanted, given) ? " All in all they are the same records, in another order."
            : expectedText == foundText ? Hint
            : "";
        return $"Record {index + 1} that was emitted {(of.HasKey ? $"for key '{of.Key}'" : "for no key")}: expected "
            + $"{expectedText}, found {foundText}.{remark}";
    }

    private bool HaveSameRecords(List<Emission<TKey>> wanted, List<Emission<TKey>> given)
    {
        List<Emission<TKey>> left = [.. given];
        foreach (var one in wanted)
        {
            var at = left.FindIndex(other => IsSame(one, other));
            if (at < 0)
            {
                return false;
            }

            left.RemoveAt(at);
        }

        return left.Count == 0;
    }

    private bool IsSame(Emission<TKey> one, Emission<TKey> other) =>
        one.Tag == other.Tag && one.Type == other.Type && one.Time == other.Time
        && (one.Tag is null
            ? comparer.Equals((TOut)one.Value!, (TOut)other.Value!)
            : Equals(one.Value, other.Value));

    // By the bytes of the key: its type need not have equality by value.
    private Dictionary<string, List<Emission<TKey>>> ByKey()
    {
        Dictionary<string, List<Emission<TKey>>> emissions = [];
        foreach (var emission in Output)
        {
            var id = emission.HasKey ? IdOf(emission.Key!) : "";
            if (!emissions.TryGetValue(id, out var ofKey))
            {
                emissions.Add(id, ofKey = []);
            }

            ofKey.Add(emission);
        }

        return emissions;
    }

    private string IdOf(TKey key)
    {
        _keyBytes.ResetWrittenCount();
        keySerializer.Write(key, _keyBytes);
        return "key " + Convert.ToHexString(_keyBytes.WrittenSpan);
    }
}
