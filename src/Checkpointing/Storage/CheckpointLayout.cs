using System.Globalization;
using Checkpointing.KeyGroups;

namespace Checkpointing.Storage;

/// <summary>Where things are below a storage's root. Names never repeat and carry their maker.</summary>
/// <remarks>
/// <c>&lt;job&gt;/register/…</c>, <c>&lt;job&gt;/chk-&lt;id&gt;/_metadata</c>,
/// <c>&lt;job&gt;/chk-&lt;id&gt;/&lt;epoch&gt;-&lt;attempt&gt;-&lt;guid&gt;</c> (files of that checkpoint alone),
/// <c>&lt;job&gt;/shared/&lt;backend id&gt;/&lt;first&gt;-&lt;last&gt;/&lt;epoch&gt;-&lt;attempt&gt;-&lt;guid&gt;</c>,
/// <c>&lt;job&gt;/pins/…</c> (who holds foreign checkpoints of this job),
/// <c>&lt;job&gt;/statistics/&lt;epoch&gt;-&lt;number&gt;-&lt;guid&gt;</c>.
/// </remarks>
public static class CheckpointLayout
{
    /// <summary>Name of the metadata file of every checkpoint.</summary>
    public const string MetadataName = "_metadata";

    private const string CheckpointPrefix = "chk-";

    /// <summary>Folder of a job's register.</summary>
    public static string RegisterFolder(JobId job) => $"{job.Name}/register";

    /// <summary>Folder of the pins that other jobs hold on a job's checkpoints.</summary>
    public static string PinFolder(JobId job) => $"{job.Name}/pins";

    /// <summary>Folder of a job's statistics. No checkpoint needs them, and no sweep takes them: they have their own
    /// bound.</summary>
    public static string StatisticsFolder(JobId job) => $"{job.Name}/statistics";

    /// <summary>Folder of a checkpoint: what a user passes as its path.</summary>
    public static string CheckpointFolder(JobId job, CheckpointId id) =>
        string.Create(CultureInfo.InvariantCulture, $"{job.Name}/{CheckpointPrefix}{id.Value}");

    /// <summary>Folder of all shared files of a job.</summary>
    public static string SharedFolder(JobId job) => $"{job.Name}/shared";

    /// <summary>Folder of the shared files of one backend.</summary>
    public static string SharedFolder(JobId job, Guid backendId, KeyGroupRange range) =>
        $"{job.Name}/shared/{backendId:D}/{range}";

    /// <summary>A file name that never repeats and says whose it is.</summary>
    public static string FileName(long epoch, int attempt, Guid unique) =>
        string.Create(CultureInfo.InvariantCulture, $"{epoch}-{attempt}-{unique:N}");

    /// <summary>Reads the maker's epoch out of a file's path.</summary>
    /// <returns>False if the name has not our form.</returns>
    public static bool TryGetEpoch(string path, out long epoch)
    {
        epoch = 0;
        return StoragePath.NameOf(path).Split('-') is [var epochText, var attemptText, { Length: 32 }]
            && long.TryParse(epochText, NumberStyles.None, CultureInfo.InvariantCulture, out epoch)
            && int.TryParse(attemptText, NumberStyles.None, CultureInfo.InvariantCulture, out _);
    }

    /// <summary>Reads epoch and number out of the path of a segment of statistics.</summary>
    /// <returns>False if the path has not the form of one.</returns>
    internal static bool TryGetStatistics(string path, out long epoch, out int number)
    {
        number = 0;
        return TryGetEpoch(path, out epoch)
            && int.TryParse(
                StoragePath.NameOf(path).Split('-')[1], NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }

    /// <summary>Reads the id out of the name of a checkpoint's folder.</summary>
    public static bool TryGetCheckpointId(string folder, out CheckpointId id)
    {
        var name = StoragePath.NameOf(folder);
        if (name.StartsWith(CheckpointPrefix, StringComparison.Ordinal)
            && long.TryParse(
                name.AsSpan(CheckpointPrefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var value))
        {
            id = new(value);
            return true;
        }

        id = CheckpointId.None;
        return false;
    }
}
