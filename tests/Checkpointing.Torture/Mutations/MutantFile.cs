using System.Globalization;
using System.Text.Json;

namespace Checkpointing.Torture.Mutations;

/// <summary>Reads the report of mutants that Stryker writes (schema <c>mutation-testing-elements</c>, version
/// 2).</summary>
internal static class MutantFile
{
    private const string Root = "src/Checkpointing/";

    internal static IReadOnlyList<Mutant> Read(string path)
    {
        using var report = JsonDocument.Parse(File.ReadAllBytes(path));
        return
        [
            .. from file in report.RootElement.GetProperty("files").EnumerateObject()
               let name = NameOf(file.Name)
               let lines = file.Value.GetProperty("source").GetString()!.Split('\n')
               from mutant in file.Value.GetProperty("mutants").EnumerateArray()
               select MutantOf(name, lines, mutant),
        ];
    }

    private static string NameOf(string path)
    {
        var name = path.Replace('\\', '/');
        var root = name.LastIndexOf(Root, StringComparison.Ordinal);
        return root < 0 ? name : name[(root + Root.Length)..];
    }

    private static Mutant MutantOf(string file, string[] lines, JsonElement mutant)
    {
        var location = mutant.GetProperty("location");
        var (start, end) = (PlaceOf(location, "start"), PlaceOf(location, "end"));
        var id = int.Parse(mutant.GetProperty("id").GetString()!, CultureInfo.InvariantCulture);
        return new(
            id, file, start.Line, Cut(lines, start, end), mutant.GetProperty("replacement").GetString() ?? "",
            mutant.GetProperty("mutatorName").GetString()!, mutant.GetProperty("status").GetString()!);
    }

    private static (int Line, int Column) PlaceOf(JsonElement location, string name)
    {
        var place = location.GetProperty(name);
        return (place.GetProperty("line").GetInt32(), place.GetProperty("column").GetInt32());
    }

    private static string Cut(string[] lines, (int Line, int Column) start, (int Line, int Column) end)
    {
        if (start.Line == end.Line)
        {
            return lines[start.Line - 1][(start.Column - 1)..(end.Column - 1)];
        }

        return string.Join('\n', [
            lines[start.Line - 1][(start.Column - 1)..],
            .. lines[start.Line..(end.Line - 1)],
            lines[end.Line - 1][..(end.Column - 1)],
        ]);
    }
}
