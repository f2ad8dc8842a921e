using System.Text.Json;
using System.Text.RegularExpressions;

namespace Checkpointing.Tool.Tests.Metadata;

/// <summary>Compares the tool's JSON of a file with the JSON that describes it.</summary>
internal static class FlinkJson
{
    // Of the description, not of the file.
    private static readonly HashSet<string> s_notCompared =
        ["file", "note", "writer", "exclusiveDirAtWrite", "fileLength", "fileSha256"];


    /// <summary>Fails on the first difference.</summary>
    /// <returns>How many handles were compared.</returns>
    public static int Compare(JsonElement expected, JsonElement actual)
    {
        var count = 0;
        foreach (var property in expected.EnumerateObject().Where(one => !s_notCompared.Contains(one.Name)))
        {
            if (property.Name == "operators")
            {
                count += CompareAll(property.Value, actual.GetProperty("operators"), CompareOperator);
            }
            else
            {
                CompareValues(property.Value, actual.GetProperty(property.Name), property.Name);
            }
        }

        return count;
    }

    private static int CompareOperator(JsonElement expected, JsonElement actual)
    {
        var count = 0;
        foreach (var property in expected.EnumerateObject())
        {
            count += property.Name == "subtasks"
                ? CompareAll(property.Value, actual.GetProperty("subtasks"), CompareSubtask)
                : CompareValues(property.Value, actual.GetProperty(property.Name), property.Name);
        }

        return count;
    }

    private static int CompareSubtask(JsonElement expected, JsonElement actual)
    {
        var keyed = actual.GetProperty("keyed").EnumerateArray().ToList();
        var states = actual.GetProperty("operator").EnumerateArray().ToList();
        JsonElement? Find(List<JsonElement> handles, bool isRaw) => handles
            .Where(handle => handle.GetProperty("raw").GetBoolean() == isRaw)
            .Select(static handle => (JsonElement?)handle).SingleOrDefault();
        var count = 0;
        foreach (var property in expected.EnumerateObject())
        {
            JsonElement? found = property.Name switch
            {
                "managedKeyed" => Find(keyed, false),
                "rawKeyed" => Find(keyed, true),
                "managedOperator" => Find(states, false),
                "rawOperator" => Find(states, true),
                "legacy" => actual.GetProperty("legacy").EnumerateArray()
                    .Select(static one => (JsonElement?)one).SingleOrDefault(),
                _ => actual.GetProperty(property.Name),
            };
            if (found is { } there)
            {
                count += CompareValues(property.Value, there, property.Name);
            }
            else
            {
                property.Value.ValueKind.Should().Be(JsonValueKind.Null, property.Name);
            }
        }

        return count;
    }

    private static int CompareAll(
        JsonElement expected, JsonElement actual, Func<JsonElement, JsonElement, int> compare)
    {
        actual.GetArrayLength().Should().Be(expected.GetArrayLength());
        return expected.EnumerateArray().Zip(actual.EnumerateArray(), compare).Sum();
    }

    private static int CompareValues(JsonElement expected, JsonElement actual, string name)
    {
        if (name is "name" or "uid" && actual.ValueKind == JsonValueKind.Null)
        {
            expected.GetRawText().Should().Be("\"\"", "an empty name is none");
            return 0;
        }

        actual.ValueKind.Should().Be(expected.ValueKind, name);
        switch (expected.ValueKind)
        {
            case JsonValueKind.Array:
                return CompareAll(expected, actual, (left, right) => CompareValues(left, right, name));
            case JsonValueKind.Object:
                var inside = expected.EnumerateObject().Sum(property => CompareValues(
                    property.Value, actual.GetProperty(property.Name), property.Name));
                return inside + (expected.TryGetProperty("kind", out _) ? 1 : 0);
            default:
                Units(actual.GetRawText()).Should().Be(Units(expected.GetRawText()), name);
                return 0;
        }
    }

    // Escapes may differ, and a text with half of a surrogate pair cannot be had from JsonElement at all.
    private static string Units(string raw) => Regex.Replace(
        raw, @"\\(?:u([0-9a-fA-F]{4})|(.))", static match => match.Groups[1].Success
            ? ((char)Convert.ToInt32(match.Groups[1].Value, 16)).ToString()
            : match.Groups[2].Value switch
            {
                "n" => "\n", "t" => "\t", "r" => "\r", "b" => "\b", "f" => "\f", var other => other,
            });
}
