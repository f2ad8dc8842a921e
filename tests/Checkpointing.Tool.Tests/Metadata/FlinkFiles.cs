namespace Checkpointing.Tool.Tests.Metadata;

/// <summary>Metadata files beside the repository that Flink wrote; not part of it.</summary>
internal static class FlinkFiles
{
    /// <summary>A folder of them; skips the test, saying why, if it is absent.</summary>
    public static string FolderOrSkip(string name)
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Checkpointing.sln")))
            {
                var found = Path.GetFullPath(Path.Combine(folder.FullName, "..", "shared", "data", name));
                Assert.SkipUnless(
                    Directory.Exists(found),
                    $"'../shared/data/{name}' beside the repository is absent: it is not part of the repository.");
                return found;
            }
        }

        throw new InvalidOperationException("No Checkpointing.sln above the test's folder.");
    }
}
