using Checkpointing.State;
using Checkpointing.Testing.State;

namespace Checkpointing.Torture.States;

/// <summary>Where something of a state is kept.</summary>
/// <param name="Key">The key.</param>
/// <param name="Namespace">The namespace; -1 without.</param>
/// <param name="MapKey">The map's key; 0 for other kinds.</param>
internal readonly record struct ModelRow(string Key, int Namespace, int MapKey);

/// <summary>What one state should hold, in a dictionary: texts with the time of their write.</summary>
/// <remarks>A list's row has an element or several, that of another kind exactly one. Nothing is ever dropped because
/// it has expired; it is left out wherever it is asked for.</remarks>
internal sealed class ModelRows
{
    private readonly Dictionary<ModelRow, Element[]> _rows;
    private readonly TestClock _clock;
    private TimeToLive? _ttl;

    internal ModelRows(TestClock clock, TimeToLive? ttl)
        : this([], clock, ttl)
    {
    }

    private ModelRows(Dictionary<ModelRow, Element[]> rows, TestClock clock, TimeToLive? ttl) =>
        (_rows, _clock, _ttl) = (rows, clock, ttl);

    /// <summary>Rows of which something is live.</summary>
    internal IEnumerable<(ModelRow Row, IEnumerable<string> Texts)> Live =>
        _rows.Where(row => row.Value.Any(IsLive))
            .Select(row => (row.Key, row.Value.Where(IsLive).Select(static element => element.Text)));

    internal ModelRows Copy() => new(new(_rows), _clock, _ttl);

    internal void Set(ModelRow row, params IEnumerable<string> texts)
    {
        Element[] elements = [.. texts.Select(NewElement)];
        if (elements.Length == 0)
        {
            _rows.Remove(row);
        }
        else
        {
            _rows[row] = elements;
        }
    }

    internal void Append(ModelRow row, params IEnumerable<string> texts) =>
        _rows[row] = [.. _rows.GetValueOrDefault(row, []), .. texts.Select(NewElement)];

    internal void Remove(ModelRow row) => _rows.Remove(row);

    /// <summary>Removes all entries of a map.</summary>
    internal void RemoveMap(ModelRow row)
    {
        foreach (var entry in EntriesOf(row).ToList())
        {
            _rows.Remove(entry);
        }
    }

    /// <summary>Live entries of a map, in the order of their keys.</summary>
    internal IEnumerable<(int MapKey, string Text)> Map(ModelRow row) =>
        from entry in EntriesOf(row)
        let texts = Peek(entry)
        where texts.Count > 0
        orderby entry.MapKey
        select (entry.MapKey, texts[0]);

    /// <summary>What is live, without beginning its time anew.</summary>
    internal List<string> Peek(ModelRow row) =>
        [.. _rows.GetValueOrDefault(row, []).Where(IsLive).Select(static element => element.Text)];

    /// <summary>What is live, as a read gives it: that may begin its time anew.</summary>
    internal List<string> Read(ModelRow row)
    {
        var texts = Peek(row);
        if (texts.Count > 0 && _ttl?.Refresh == TimeToLiveRefresh.OnReadAndWrite)
        {
            Set(row, texts);
        }

        return texts;
    }

    /// <summary>What a restore under another declaration makes of it.</summary>
    internal void Migrate(TimeToLive? ttl)
    {
        if (_ttl is null && ttl is not null)
        {
            foreach (var (row, elements) in _rows.ToList())
            {
                _rows[row] = [.. elements.Select(element => NewElement(element.Text))];
            }
        }

        _ttl = ttl;
    }

    private IEnumerable<ModelRow> EntriesOf(ModelRow map) =>
        Enumerable.Range(0, StateOperation.MapKeyCount).Select(key => map with { MapKey = key })
            .Where(_rows.ContainsKey);

    private Element NewElement(string text) => new(text, _clock.Milliseconds);

    private bool IsLive(Element element) =>
        _ttl is null || element.Written > _clock.Milliseconds - (long)_ttl.Duration.TotalMilliseconds;

    private readonly record struct Element(string Text, long Written);
}
