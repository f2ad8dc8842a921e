namespace Checkpointing.Tests.Metadata;

/// <summary>Finds the repository, and the data beside it that is not part of the repository.</summary>
internal static class SharedData
{
    internal static string RepositoryRoot { get; } = FindRoot();

    /// <summary>Files of a folder of the shared data; none if it is absent.</summary>
    internal static IReadOnlyList<string> Files(string folder, string pattern)
    {
        var path = Path.Combine(RepositoryRoot, "..", "shared", "data", folder);
        return Directory.Exists(path)
            ? [.. Directory.GetFiles(path, pattern).Order(StringComparer.Ordinal)]
            : [];
    }

    /// <summary>As <see cref="Files"/>; skips the test, saying why, if there are none.</summary>
    internal static IReadOnlyList<string> FilesOrSkip(string folder, string pattern)
    {
        var files = Files(folder, pattern);
        if (files.Count == 0)
        {
            Assert.Skip(
                $"'../shared/data/{folder}' beside the repository has no {pattern}: it is not part of the repository.");
        }

        return files;
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

        throw new InvalidOperationException("No Checkpointing.sln above the test's folder.");
    }
}
