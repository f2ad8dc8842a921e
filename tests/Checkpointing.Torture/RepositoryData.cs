namespace Checkpointing.Torture;

/// <summary>Finds the data beside the repository that is not part of it.</summary>
internal static class RepositoryData
{
    /// <summary>Files of a folder of <c>../shared/data</c>, by name; none if it is absent.</summary>
    internal static IReadOnlyList<string> Files(string folder, string pattern)
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            if (File.Exists(Path.Combine(at.FullName, "Checkpointing.sln")))
            {
                var path = Path.Combine(at.FullName, "..", "shared", "data", folder);
                return Directory.Exists(path)
                    ? [.. Directory.GetFiles(path, pattern).Order(StringComparer.Ordinal)]
                    : [];
            }
        }

        return [];
    }
}
