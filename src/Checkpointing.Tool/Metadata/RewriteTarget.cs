#pragma warning disable RS0030 // The tool writes where a user tells it to.
namespace Checkpointing.Tool.Metadata;

/// <summary>Where the files go that are written again.</summary>
/// <param name="Path">Full path of the file, or of the folder for files of the same relative paths.</param>
/// <param name="IsFolder">Whether it is the folder.</param>
internal sealed record RewriteTarget(string Path, bool IsFolder)
{
    /// <summary>Where a file goes.</summary>
    public string PathOf(MetadataSource source) =>
        IsFolder ? System.IO.Path.Combine(Path, source.Relative) : Path;

    /// <summary>What <c>--out</c> means for what <c>--in</c> means.</summary>
    /// <exception cref="ToolException">The two are one, or one lies in the other.</exception>
    public static RewriteTarget Find(MetadataSources sources, string input, string output)
    {
        string full;
        try
        {
            full = System.IO.Path.GetFullPath(output);
        }
        catch (ArgumentException exception)
        {
            throw new ToolException($"--out is no path: {exception.Message}", ExitCodes.Usage, exception);
        }

        if (!Directory.Exists(input))
        {
            var isFolder = System.IO.Path.EndsInDirectorySeparator(output) || Directory.Exists(full);
            var target = new RewriteTarget(full, isFolder);
            Require(target.PathOf(sources.Files[0]) != input, "--out is the input itself; write to another place.");
            return target;
        }

        Require(!File.Exists(full), "--in is a folder, but --out is a file; give a folder.");
        var (from, to) = (WithSlash(input), WithSlash(full));
        Require(from != to, "--out is the input itself; write to another place.");
        Require(
            !from.StartsWith(to, StringComparison.Ordinal) && !to.StartsWith(from, StringComparison.Ordinal),
            "--in and --out lie one in the other; write to a place apart.");
        return new(full, IsFolder: true);
    }

    private static string WithSlash(string path) =>
        System.IO.Path.TrimEndingDirectorySeparator(path) + System.IO.Path.DirectorySeparatorChar;

    private static void Require(bool holds, string sentence)
    {
        if (!holds)
        {
            throw new ToolException(sentence, ExitCodes.Usage);
        }
    }
}
