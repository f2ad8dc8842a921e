using System.Globalization;
using System.Text;
using Checkpointing.State;

namespace Checkpointing.Torture.States;

/// <summary>A value: texts.</summary>
internal sealed class ValueHistory(ValueStateDescriptor<string> descriptor) : HistoryState(descriptor)
{
    internal override IEnumerable<(int KeyGroup, ModelRow Row, string Text)> ReadAll(KeyedState<string> keyed) =>
        keyed.ReadAll(descriptor).Select(static entry => RowOf(entry, entry.Value));

    private protected override string ApplyInScope(KeyedState<string> keyed, StateOperation operation)
    {
        var state = keyed.GetState(descriptor);
        switch (operation.Choice)
        {
            case 0 or 1:
                return state.TryGet(out var value) ? value : "nothing";
            case 2:
                return state.TryGetBytes(out var bytes) ? Encoding.UTF8.GetString(bytes) : "nothing";
            case 3 or 4:
                state.Clear();
                return "";
            case 5:
                return state.Update(old => old is { Length: < 200 } ? old + operation.Text : operation.Text);
            case 6:
                state.SetBytes(Encoding.UTF8.GetBytes(operation.Text));
                return "";
            default:
                state.Set(operation.Text);
                return "";
        }
    }

    private protected override string Apply(ModelRows rows, ModelRow row, StateOperation operation)
    {
        switch (operation.Choice)
        {
            case <= 2:
                return First(rows.Read(row));
            case 3 or 4:
                rows.Remove(row);
                return "";
            case 5:
                var value = rows.Peek(row) is [{ Length: < 200 } old] ? old + operation.Text : operation.Text;
                rows.Set(row, value);
                return value;
            default:
                rows.Set(row, operation.Text);
                return "";
        }
    }
}

/// <summary>A list of texts.</summary>
internal sealed class ListHistory(ListStateDescriptor<string> descriptor) : HistoryState(descriptor)
{
    internal override IEnumerable<(int KeyGroup, ModelRow Row, string Text)> ReadAll(KeyedState<string> keyed) =>
        keyed.ReadAll(descriptor).Select(static entry => RowOf(entry, Join(entry.Value)));

    private protected override string ApplyInScope(KeyedState<string> keyed, StateOperation operation)
    {
        var state = keyed.GetState(descriptor);
        switch (operation.Choice)
        {
            case 0 or 1:
                return Join(state.ToList());
            case 2:
                return $"{state.IsEmpty}";
            case 3 or 4:
                state.Clear();
                return "";
            case 5:
                state.Replace(Several(operation));
                return "";
            case 6:
                state.AddRange(Several(operation));
                return "";
            default:
                state.Add(operation.Text);
                return "";
        }
    }

    private protected override string Apply(ModelRows rows, ModelRow row, StateOperation operation)
    {
        switch (operation.Choice)
        {
            case 0 or 1:
                return Join(rows.Read(row));
            case 2:
                return $"{rows.Peek(row).Count == 0}";
            case 3 or 4:
                rows.Remove(row);
                return "";
            case 5:
                rows.Set(row, Several(operation));
                return "";
            case 6:
                rows.Append(row, Several(operation));
                return "";
            default:
                rows.Append(row, operation.Text);
                return "";
        }
    }

    private static IEnumerable<string> Several(StateOperation operation) =>
        Enumerable.Repeat(operation.Text, operation.Number % 4);
}

/// <summary>A map from numbers to texts.</summary>
internal sealed class MapHistory(MapStateDescriptor<int, string> descriptor) : HistoryState(descriptor)
{
    private protected override bool IsMap => true;

    internal override IEnumerable<(int KeyGroup, ModelRow Row, string Text)> ReadAll(KeyedState<string> keyed) =>
        keyed.ReadAll(descriptor).Select(static entry => RowOf(entry, entry.Value.Value, entry.Value.Key));

    private protected override string ApplyInScope(KeyedState<string> keyed, StateOperation operation)
    {
        var state = keyed.GetState(descriptor);
        switch (operation.Choice)
        {
            case 0:
                List<string> entries = [];
                foreach (var (key, text) in state)
                {
                    entries.Add($"{key}={text}");
                }

                return Join(entries);
            case 1:
                return state.GetOrDefault(operation.MapKey, "nothing");
            case 2:
                return $"{state.ContainsKey(operation.MapKey)} {state.IsEmpty}";
            case 3 or 4:
                state.Remove(operation.MapKey);
                return "";
            case 5:
                state.Clear();
                return "";
            case 6:
                return state.Update(operation.MapKey, old => $"{old?.Length}{operation.Text}");
            default:
                state.Set(operation.MapKey, operation.Text);
                return "";
        }
    }

    private protected override string Apply(ModelRows rows, ModelRow row, StateOperation operation)
    {
        switch (operation.Choice)
        {
            case 0:
                return Join(rows.Map(row).Select(static entry => $"{entry.MapKey}={entry.Text}"));
            case 1:
                return First(rows.Read(row));
            case 2:
                return $"{rows.Read(row).Count > 0} {!rows.Map(row).Any()}";
            case 3 or 4:
                rows.Remove(row);
                return "";
            case 5:
                rows.RemoveMap(row);
                return "";
            case 6:
                var text = $"{rows.Peek(row).FirstOrDefault()?.Length}{operation.Text}";
                rows.Set(row, text);
                return text;
            default:
                rows.Set(row, operation.Text);
                return "";
        }
    }
}

/// <summary>A sum.</summary>
internal sealed class ReducingHistory(ReducingStateDescriptor<long> descriptor) : HistoryState(descriptor)
{
    internal override IEnumerable<(int KeyGroup, ModelRow Row, string Text)> ReadAll(KeyedState<string> keyed) =>
        keyed.ReadAll(descriptor).Select(static entry => RowOf(entry, $"{entry.Value}"));

    private protected override string ApplyInScope(KeyedState<string> keyed, StateOperation operation)
    {
        var state = keyed.GetState(descriptor);
        switch (operation.Choice)
        {
            case <= 2:
                return state.TryGet(out var sum) ? $"{sum}" : "nothing";
            case 3:
                state.Clear();
                return "";
            default:
                state.Add(operation.Number);
                return "";
        }
    }

    private protected override string Apply(ModelRows rows, ModelRow row, StateOperation operation)
    {
        switch (operation.Choice)
        {
            case <= 2:
                return First(rows.Read(row));
            case 3:
                rows.Remove(row);
                return "";
            default:
                var old = rows.Peek(row) is [var sum] ? long.Parse(sum, CultureInfo.InvariantCulture) : 0;
                rows.Set(row, $"{old + operation.Number}");
                return "";
        }
    }
}

/// <summary>Count and sum; the result is both.</summary>
internal sealed class AggregatingHistory(AggregatingStateDescriptor<int, long[], string> descriptor)
    : HistoryState(descriptor)
{
    internal override IEnumerable<(int KeyGroup, ModelRow Row, string Text)> ReadAll(KeyedState<string> keyed) =>
        keyed.ReadAll(descriptor).Select(static entry => RowOf(entry, string.Join(' ', entry.Value)));

    private protected override string ApplyInScope(KeyedState<string> keyed, StateOperation operation)
    {
        var state = keyed.GetState(descriptor);
        switch (operation.Choice)
        {
            case <= 2:
                return state.TryGet(out var result) ? result : "nothing";
            case 3:
                state.Clear();
                return "";
            default:
                state.Add(operation.Number);
                return "";
        }
    }

    private protected override string Apply(ModelRows rows, ModelRow row, StateOperation operation)
    {
        switch (operation.Choice)
        {
            case <= 2:
                return First(rows.Read(row));
            case 3:
                rows.Remove(row);
                return "";
            default:
                var old = rows.Peek(row) is [var text]
                    ? text.Split(' ').Select(static part => long.Parse(part, CultureInfo.InvariantCulture)).ToArray()
                    : [0, 0];
                rows.Set(row, $"{old[0] + 1} {old[1] + operation.Number}");
                return "";
        }
    }
}

/// <summary>Counts and adds up.</summary>
internal sealed class Statistics : Aggregator<int, long[], string>
{
    public override long[] CreateAccumulator() => [0, 0];

    public override long[] Add(long[] accumulator, int element) => [accumulator[0] + 1, accumulator[1] + element];

    public override string GetResult(long[] accumulator) => string.Join(' ', accumulator);

    public override long[] Merge(long[] left, long[] right) => [left[0] + right[0], left[1] + right[1]];
}
