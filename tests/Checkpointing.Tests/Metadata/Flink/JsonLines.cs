using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Checkpointing.Tests.Metadata.Flink;

/// <summary>One line for each value in JSON or in a tree of dictionaries, arrays and plain values: its path and the
/// value. Sorted, so that the order of an object's members does not matter and that of a list does.</summary>
internal static class JsonLines
{
    internal static IReadOnlyList<string> Of(object? value, params string[] ignored)
    {
        List<string> lines = [];
        Add(lines, "", value);
        lines.RemoveAll(line => Array.Exists(ignored, name => line.StartsWith($".{name} ", StringComparison.Ordinal)));
        lines.Sort(StringComparer.Ordinal);
        return lines;
    }

    private static void Add(List<string> lines, string path, object? value)
    {
        switch (value)
        {
            case JsonElement { ValueKind: JsonValueKind.Object } json:
                Add(lines, path, json.EnumerateObject().Select(static one => (one.Name, (object?)one.Value)).ToList());
                break;
            case JsonElement { ValueKind: JsonValueKind.Array } json:
                Add(lines, path, json.EnumerateArray().Select(static one => (object?)one).ToArray());
                break;
            case JsonElement { ValueKind: JsonValueKind.String } json:
                lines.Add($"{path} = {Quote(Unescape(json.GetRawText()[1..^1]))}");
                break;
            case JsonElement json:
                lines.Add($"{path} = {json.GetRawText()}");
                break;
            case Dictionary<string, object?> members:
                Add(lines, path, members.Select(static one => (one.Key, one.Value)).ToList());
                break;
            case object?[] items:
                lines.Add($"{path} has {items.Length}");
                for (var i = 0; i < items.Length; i++)
                {
                    Add(lines, $"{path}[{i}]", items[i]);
                }

                break;
            default:
                lines.Add($"{path} = " + value switch
                {
                    null => "null",
                    bool flag => flag ? "true" : "false",
                    long number => number.ToString(CultureInfo.InvariantCulture),
                    string text => Quote(text),
                    _ => throw new ArgumentException($"No line for a {value.GetType()}.", nameof(value)),
                });
                break;
        }
    }

    private static void Add(List<string> lines, string path, List<(string Name, object? Value)> members)
    {
        foreach (var (name, value) in members)
        {
            Add(lines, $"{path}.{name}", value);
        }
    }

    // System.Text.Json refuses halves of surrogate pairs, which some of the texts have.
    private static string Unescape(string raw)
    {
        var text = new StringBuilder();
        for (var i = 0; i < raw.Length; i++)
        {
            if (raw[i] != '\\')
            {
                text.Append(raw[i]);
            }
            else if (raw[++i] == 'u')
            {
                text.Append((char)Convert.ToInt32(raw.Substring(i + 1, 4), 16));
                i += 4;
            }
            else
            {
                text.Append(raw[i] switch
                {
                    'n' => '\n',
                    't' => '\t',
                    'r' => '\r',
                    'b' => '\b',
                    'f' => '\f',
                    var other => other,
                });
            }
        }

        return text.ToString();
    }

    // Everything that could be mistaken for something else is shown by its number.
    private static string Quote(string text) =>
        '"' + string.Concat(text.Select(static c => c is > ' ' and <= '~' and not ('"' or '\\') ? $"{c}"
            : $"\\u{(int)c:x4}")) + '"';
}
