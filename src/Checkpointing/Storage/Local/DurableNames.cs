using Checkpointing.Storage.Local.Native;

namespace Checkpointing.Storage.Local;

/// <summary>Folders whose own names are known to be durable, so that the folders above them need no sync.</summary>
/// <remarks>
/// <para>A folder counts while it is the one whose name was made durable: another process may have removed it and made
/// one of the same name, which is not durable yet. Inodes are used again and births are told in steps of some
/// milliseconds, so a folder that was made less than a second before its sync is not remembered.</para>
/// <para>Safe for concurrent calls.</para>
/// </remarks>
internal sealed class DurableNames
{
    // One folder a checkpoint may stay here until it is removed by somebody else.
    private const int MaxCount = 1_024;
    private const long LeastAgeNanoseconds = 1_000_000_000;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, FolderIdentity> _durable = new(StringComparer.Ordinal);

    /// <summary>Whether the folder at this path is one whose name is durable.</summary>
    /// <param name="folder">Full path.</param>
    /// <param name="seen">What was seen of it, to remember once its name is durable.</param>
    public bool Contains(string folder, out SeenFolder seen)
    {
        seen = FolderIdentity.TryRead(folder, out var identity, out var modifiedAt)
            ? new(folder, identity, modifiedAt)
            : new(folder, null, 0);
        lock (_lock)
        {
            return seen.Identity is not null && _durable.TryGetValue(folder, out var known) && known == identity;
        }
    }

    /// <summary>The names of these folders were made durable after they had been seen.</summary>
    /// <param name="folders">All that one sync was for; a file has just come into the newest of them, so that its time
    /// is the file system's own clock, and no other is needed.</param>
    public void Add(IReadOnlyCollection<SeenFolder> folders)
    {
        var now = folders.Max(static folder => folder.ModifiedAt);
        lock (_lock)
        {
            foreach (var folder in folders)
            {
                if (folder.Identity is not { } identity || now - identity.BornAt < LeastAgeNanoseconds)
                {
                    continue;
                }

                if (_durable.Count >= MaxCount)
                {
                    _durable.Clear();
                }

                _durable[folder.Path] = identity;
            }
        }
    }

    /// <summary>The folder was removed.</summary>
    public void Remove(string folder)
    {
        lock (_lock)
        {
            _durable.Remove(folder);
        }
    }

    /// <summary>A folder as it was found.</summary>
    /// <param name="Path">Full path.</param>
    /// <param name="Identity">Null if it was not there, or cannot be known again.</param>
    /// <param name="ModifiedAt">See <see cref="FolderIdentity.TryRead"/>.</param>
    public readonly record struct SeenFolder(string Path, FolderIdentity? Identity, long ModifiedAt);
}
