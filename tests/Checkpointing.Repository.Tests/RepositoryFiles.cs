namespace Checkpointing.Repository.Tests;

/// <summary>Finds the repository's own files. Does not ask git, so that an unpacked archive is checked too.</summary>
internal static class RepositoryFiles
{
    private static readonly string[] s_generatedFolders =
        ["bin", "obj", "artifacts", "TestResults", "BenchmarkDotNet.Artifacts"];

    /// <summary>The folder of <c>Checkpointing.sln</c>.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>Name of the configuration that these tests were built in.</summary>
    public static string Configuration { get; } =
        new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar)).Parent!.Name;

    /// <summary>Paths of all files that are not generated, relative to the root, with <c>/</c>, sorted.</summary>
    public static IReadOnlyList<string> All { get; } = [.. Enumerate(Root).Order(StringComparer.Ordinal)];

    /// <summary>Files below one of the folders that end in one of the endings.</summary>
    public static IEnumerable<string> Under(string[] folders, params string[] endings) => All.Where(path =>
        Array.Exists(folders, folder => path.StartsWith(folder + "/", StringComparison.Ordinal))
        && Array.Exists(endings, ending => path.EndsWith(ending, StringComparison.Ordinal)));

    /// <summary>The text of a file.</summary>
    public static string Read(string path) => File.ReadAllText(Path.Combine(Root, path));

    /// <summary>Whether a file or folder is there.</summary>
    public static bool Exists(string path) => Path.Exists(Path.Combine(Root, path));

    /// <summary>Names that are generated and ignored.</summary>
    public static bool IsGenerated(string name) => s_generatedFolders.Contains(name);

    private static IEnumerable<string> Enumerate(string folder)
    {
        foreach (var file in Directory.EnumerateFiles(folder))
        {
            yield return Path.GetRelativePath(Root, file).Replace('\\', '/');
        }

        foreach (var child in Directory.EnumerateDirectories(folder))
        {
            var name = Path.GetFileName(child);
            if (!IsGenerated(name) && name is not (".git" or ".vs" or ".idea" or ".vscode"))
            {
                foreach (var file in Enumerate(child))
                {
                    yield return file;
                }
            }
        }
    }

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Checkpointing.sln")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException($"No folder above '{AppContext.BaseDirectory}' holds Checkpointing.sln.");
    }
}
