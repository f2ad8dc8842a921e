using System.IO.Enumeration;
using Checkpointing.Storage.Local.Native;

namespace Checkpointing.Storage.Local;

/// <summary>Full paths of the files below a folder, recursively: either the stored ones or the temporary
/// ones.</summary>
/// <remarks>What vanishes meanwhile is passed over; any other error ends the listing, for half a listing would be a
/// lie.</remarks>
internal sealed class LocalListing(string folder, string lockFolder, bool isTemporary, bool followLinks)
    : FileSystemEnumerator<string>(folder, Recursive)
{
    private static readonly EnumerationOptions Recursive = new()
    {
        RecurseSubdirectories = true,
        IgnoreInaccessible = false,
        AttributesToSkip = 0,
    };

    protected override bool ShouldIncludeEntry(ref FileSystemEntry entry) =>
        !entry.IsDirectory && entry.FileName.StartsWith(TemporaryFiles.Prefix, StringComparison.Ordinal) == isTemporary;

    // A link may lead out of the root, or in a circle.
    protected override bool ShouldRecurseIntoEntry(ref FileSystemEntry entry) =>
        (followLinks || (entry.Attributes & FileAttributes.ReparsePoint) == 0)
        && (!entry.FileName.SequenceEqual(TemporaryFiles.LockFolder) || entry.ToFullPath() != lockFolder);

    protected override string TransformEntry(ref FileSystemEntry entry) => entry.ToFullPath();

    protected override bool ContinueOnError(int error) =>
        NativeError.FromCode(error).Kind is NativeErrorKind.Missing or NativeErrorKind.NotADirectory;
}
