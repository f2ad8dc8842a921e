using System.Text.RegularExpressions;

namespace Checkpointing.Repository.Tests;

/// <summary>A source file of the core.</summary>
/// <param name="Path">For messages.</param>
/// <param name="Folder">Its top folder in the core; empty for the root.</param>
/// <param name="Text">Its source.</param>
internal sealed record CoreSource(string Path, string Folder, string Text);

/// <summary>The one-way order of the core's folders: a folder uses only folders before it.</summary>
internal static partial class CoreLayers
{
    /// <summary>The order. The root ("") and Diagnostics come first and are open to all.</summary>
    public static readonly IReadOnlyList<string> Order =
    [
        "", "Diagnostics", "KeyGroups", "StateHandles", "SharedState", "Storage", "Metadata", "CompletedCheckpoints",
        "State", "Statistics", "Coordination", "Embedded", "Inspection",
    ];

    /// <summary>One sentence for each use that points back.</summary>
    public static IEnumerable<string> Violations(IReadOnlyCollection<CoreSource> sources)
    {
        var cleaned = sources.Select(s => s with { Text = CSharpText.WithoutCommentsAndStrings(s.Text) }).ToList();
        var typesOfFolder = cleaned
            .GroupBy(s => s.Folder)
            .ToDictionary(folder => folder.Key, folder => folder.SelectMany(s => TypesIn(s.Text)).ToHashSet());
        foreach (var source in cleaned)
        {
            if (RankOf(source.Folder) < 0)
            {
                yield return $"{source.Path}: folder '{source.Folder}' has no place in the order of folders.";
                continue;
            }

            foreach (var (folder, line) in Uses(source, typesOfFolder).Distinct())
            {
                if (RankOf(folder) > RankOf(source.Folder))
                {
                    var (user, used) = (NameOf(source.Folder), NameOf(folder));
                    yield return $"{source.Path}:{line}: '{user}' uses '{used}', which comes after it.";
                }
            }
        }
    }

    private static IEnumerable<(string Folder, int Line)> Uses(
        CoreSource source, Dictionary<string, HashSet<string>> typesOfFolder)
    {
        // Full names, in a using directive or anywhere else.
        foreach (Match match in FullName().Matches(source.Text))
        {
            var folder = match.Groups["folder"].Value;
            if (RankOf(folder) >= 0)
            {
                yield return (folder, Findings.LineOf(source.Text, match.Index));
            }
        }

        // Names relative to the project's namespace, such as State.Timestamp. A property may be called State as well,
        // so the second part has to be a type that the folder declares.
        foreach (Match match in RelativeName().Matches(source.Text))
        {
            var folder = match.Groups["folder"].Value;
            if (folder != source.Folder && typesOfFolder.TryGetValue(folder, out var types)
                && types.Contains(match.Groups["type"].Value))
            {
                yield return (folder, Findings.LineOf(source.Text, match.Index));
            }
        }
    }

    private static IEnumerable<string> TypesIn(string text) =>
        TypeDeclaration().Matches(text).Select(match => match.Groups["name"].Value);

    // The root and Diagnostics have one rank: they may use each other.
    private static int RankOf(string folder)
    {
        for (var rank = 0; rank < Order.Count; rank++)
        {
            if (Order[rank] == folder)
            {
                return Math.Max(rank, 1);
            }
        }

        return -1;
    }

    private static string NameOf(string folder) => folder.Length == 0 ? "(root)" : folder;

    [GeneratedRegex(@"\b(class|struct|interface|enum|record|delegate\s+\S+)\s+(?<name>[A-Z]\w*)")]
    private static partial Regex TypeDeclaration();

    [GeneratedRegex(@"(?<![\w.])Checkpointing\.(?<folder>[A-Z]\w*)")]
    private static partial Regex FullName();

    [GeneratedRegex(@"(?<![\w.])(?<folder>[A-Z]\w*)\.(?:[A-Z]\w*\.)*?(?<type>[A-Z]\w*)")]
    private static partial Regex RelativeName();
}
