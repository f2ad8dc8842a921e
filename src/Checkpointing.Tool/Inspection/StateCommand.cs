using System.Buffers;
using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Checkpointing.Inspection;
using Checkpointing.StateHandles;
using Checkpointing.Tool.Metadata;

namespace Checkpointing.Tool.Inspection;

/// <summary>The commands <c>state</c> and <c>dump</c>: the state of a checkpoint, read without a job.</summary>
internal static class StateCommand
{
    private static readonly Option<string> Operator = new("--operator")
    {
        Description = "Name of the operator, or its id", HelpName = "O", Required = true,
    };

    private static readonly Option<string> State = new("--state")
    {
        Description = "Name of the state; _timers for timers", HelpName = "S", Required = true,
    };

    private static readonly Option<long?> Limit = new("--limit")
    {
        Description = "Stop after N entries [default: all]",
        HelpName = "N",
        CustomParser = static result =>
        {
            if (long.TryParse(result.Tokens[0].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            {
                return number;
            }

            result.AddError($"Option --limit has the value '{result.Tokens[0].Value}'; it takes a number from 0.");
            return null;
        },
    };

    private static readonly Option<string> Format = Choose("--format", "Form of an entry", "json", "csv");

    public static Command CreateState()
    {
        var command = new Command("state", """
            Lists the states of a checkpoint with kinds, serializers, entries and bytes; every entry is read.

            Example: checkpoints state data/checkpoints/flights/chk-42
            """)
        {
            SharedOptions.Path, SharedOptions.At, SharedOptions.Json,
        };
        command.SetAction((parsed, token) => ReadAsync(parsed, ListAsync, token));
        return command;
    }

    public static Command CreateDump()
    {
        var command = new Command("dump", """
            Prints the entries of a state, one a line, in the order of key groups. Values of built-in serializers and
            JSON are shown as they are, others as hexadecimal digits. Only the files that hold the state are opened.

            Example: checkpoints dump data/checkpoints/flights/chk-42 --operator totals --state total-delay --limit 10
            """)
        {
            SharedOptions.Path, Operator, State, Limit, Format, SharedOptions.At, SharedOptions.Json,
        };
        command.SetAction((parsed, token) => ReadAsync(parsed, DumpAsync, token));
        return command;
    }

    private static Option<string> Choose(string name, string description, params string[] values)
    {
        var option = new Option<string>(name)
        {
            Description = description, HelpName = string.Join('|', values), DefaultValueFactory = _ => values[0],
        };
        return option.AcceptOnlyFromAmong(values);
    }

    private static async Task<int> ReadAsync(
        ParseResult parsed,
        Func<ParseResult, CheckpointReader, CancellationToken, Task> act,
        CancellationToken cancellationToken)
    {
        var (root, folder) = ToolStorage.Split(
            parsed.GetValue(SharedOptions.Path)!, parsed.GetValue(SharedOptions.At));
        var storage = ToolStorage.OpenStorage(root);
        using var disposing = storage as IDisposable;
        using var backend = new ReadingBackend();
        var reader = await CheckpointReader.OpenAsync(storage, folder, backend.Factory, cancellationToken)
            .ConfigureAwait(false);
        await act(parsed, reader, cancellationToken).ConfigureAwait(false);
        return ExitCodes.Success;
    }

    private static async Task ListAsync(
        ParseResult parsed, CheckpointReader reader, CancellationToken cancellationToken)
    {
        var output = new ToolOutput(parsed.GetValue(SharedOptions.Json));
        var rows = new List<string[]>();
        await foreach (var one in reader.MeasureAsync(cancellationToken).ConfigureAwait(false))
        {
            var state = one.State;
            if (output.IsJson)
            {
                output.Json(json =>
                {
                    InspectionJson.Text(json, "operator", state.Operator);
                    StateText.Write(json, state.Description);
                    json.WriteNumber("entries", one.Rows);
                    json.WriteNumber("bytes", one.Bytes);
                    json.WriteNumber("operatorBytes", state.OperatorBytes);
                });
            }

            rows.Add([
                state.Operator, state.Name, InspectionJson.TextOf(state.Kind),
                one.Rows.ToString("N0", CultureInfo.InvariantCulture), PlainText.Size(one.Bytes),
                StateText.SerializersOf(state.Description),
            ]);
        }

        if (!output.IsJson)
        {
            output.Table(
                "It has no state.", ["OPERATOR", "STATE", "KIND", "#ENTRIES", "#BYTES", "SERIALIZERS"], rows);
        }
    }

    private static async Task DumpAsync(
        ParseResult parsed, CheckpointReader reader, CancellationToken cancellationToken)
    {
        var (name, stateName) = (parsed.GetValue(Operator)!, parsed.GetValue(State)!);
        var state = reader.States.FirstOrDefault(one => one.Operator == name && one.Name == stateName)?.Description
            ?? throw new ToolException(
                $"The checkpoint holds no state '{stateName}' of an operator '{name}'; it has "
                + $"{string.Join(", ", reader.States.Select(static one => $"{one.Operator}/{one.Name}"))}.",
                ExitCodes.Problem);
        var isCsv = parsed.GetValue(Format) == "csv" && !parsed.GetValue(SharedOptions.Json);
        var left = parsed.GetValue(Limit) ?? long.MaxValue;
        var output = new BufferedStream(Console.OpenStandardOutput(), 64 * 1024);
        await using (output.ConfigureAwait(false))
        {
            var entry = new DumpedEntry(output, state, isCsv);
            if (state.Kind is StateKind.OperatorList or StateKind.Broadcast)
            {
                await foreach (var (subtask, item) in reader.ReadRawItemsAsync(name, stateName, cancellationToken)
                    .ConfigureAwait(false))
                {
                    if (left-- <= 0)
                    {
                        return;
                    }

                    entry.WriteItem(subtask, item.Span);
                }

                return;
            }

            await foreach (var row in reader.ReadRawAsync(name, stateName, cancellationToken).ConfigureAwait(false))
            {
                if (left-- <= 0)
                {
                    return;
                }

                entry.Write(row);
            }
        }
    }

    /// <summary>Entries of one state, one a line.</summary>
    private sealed class DumpedEntry
    {
        private readonly Stream _output;
        private readonly StateDescription _state;
        private readonly bool _isCsv;
        private readonly ArrayBufferWriter<byte> _buffer = new();

        public DumpedEntry(Stream output, StateDescription state, bool isCsv)
        {
            (_output, _state, _isCsv) = (output, state, isCsv);
            if (isCsv)
            {
                _output.Write("keyGroup,key,namespace,value\r\n"u8);
            }
        }

        public void Write(RawStateEntry row) => WriteLine(
            row.KeyGroup,
            json => StoredValueJson.Write(json, _state.Key, row.Key.Span),
            row.Namespace.IsEmpty ? null : json => StoredValueJson.Write(json, _state.Namespace, row.Namespace.Span),
            json => StoredValueJson.WriteValue(json, _state, row.UserKey.Span, row.Value.Span));

        // An item belongs to no key; its subtask is told instead.
        public void WriteItem(int subtask, ReadOnlySpan<byte> item)
        {
            var bytes = item.ToArray();
            WriteLine(
                null,
                null,
                null,
                json => StoredValueJson.WriteItem(json, _state, bytes),
                json => json.WriteNumber("subtask", subtask));
        }

        private void WriteLine(
            int? keyGroup,
            Action<Utf8JsonWriter>? key,
            Action<Utf8JsonWriter>? space,
            Action<Utf8JsonWriter> value,
            Action<Utf8JsonWriter>? more = null)
        {
            _buffer.ResetWrittenCount();
            if (_isCsv)
            {
                var cells = new[] { keyGroup?.ToString(CultureInfo.InvariantCulture) ?? "", Cell(key), Cell(space),
                    Cell(value) };
                _output.Write(Encoding.UTF8.GetBytes(string.Join(',', cells) + "\r\n"));
                return;
            }

            using (var json = new Utf8JsonWriter(_buffer))
            {
                json.WriteStartObject();
                json.WriteNumber("schema", ToolOutput.Schema);
                InspectionJson.Number(json, "keyGroup", keyGroup);
                Part(json, "key", key);
                Part(json, "namespace", space);
                Part(json, "value", value);
                more?.Invoke(json);
                json.WriteEndObject();
            }

            _buffer.Write("\n"u8);
            _output.Write(_buffer.WrittenSpan);
        }

        private static void Part(Utf8JsonWriter json, string name, Action<Utf8JsonWriter>? write)
        {
            json.WritePropertyName(name);
            (write ?? (static one => one.WriteNullValue()))(json);
        }

        // A text as it is, all else as JSON; quoted where CSV needs it.
        private static string Cell(Action<Utf8JsonWriter>? write)
        {
            if (write is null)
            {
                return "";
            }

            var buffer = new ArrayBufferWriter<byte>();
            using (var json = new Utf8JsonWriter(buffer))
            {
                write(json);
            }

            using var parsed = JsonDocument.Parse(buffer.WrittenMemory);
            var text = parsed.RootElement.ValueKind == JsonValueKind.String
                ? parsed.RootElement.GetString()! : Encoding.UTF8.GetString(buffer.WrittenSpan);
            return text.AsSpan().IndexOfAny(",\"\r\n") < 0 ? text
                : $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
        }
    }
}
