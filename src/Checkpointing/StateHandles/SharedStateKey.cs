using System.Globalization;
using Checkpointing.KeyGroups;

namespace Checkpointing.StateHandles;

/// <summary>Physical identity of one upload: <c>epoch-attempt-guid</c> for files of ours, the path for files of
/// Flink's.</summary>
/// <param name="Value">Compared by ordinal.</param>
public readonly record struct StateHandleId(string Value)
{
    /// <inheritdoc/>
    public override string ToString() => Value;
}

/// <summary>Names one stored file that several checkpoints may use, for example one uploaded SST file.</summary>
/// <remarks>
/// Made once, at upload, and part of the file's path, so a file keeps its one key through recovery, rescaling and
/// claiming by another job. It never holds a local file name: RocksDB uses <c>000052.sst</c> again after a restore.
/// </remarks>
/// <param name="BackendId">Id of the backend that uploaded the file.</param>
/// <param name="Range">Key groups of that backend.</param>
/// <param name="Id">Physical identity of the upload.</param>
public readonly record struct SharedStateKey(Guid BackendId, KeyGroupRange Range, StateHandleId Id)
{
    /// <summary>Reads the key out of a path <c>…/shared/&lt;backend
    /// id&gt;/&lt;first&gt;-&lt;last&gt;/&lt;id&gt;</c>.</summary>
    /// <returns>False if the path has another form.</returns>
    public static bool TryParse(string path, out SharedStateKey key)
    {
        ArgumentNullException.ThrowIfNull(path);
        key = default;
        var parts = path.Split('/');
        if (parts.Length < 4 || parts[^4] != "shared" || parts[^1].Length == 0
            || !Guid.TryParseExact(parts[^3], "D", out var backendId)
            || parts[^2].Split('-') is not [var firstText, var lastText]
            || !int.TryParse(firstText, NumberStyles.None, CultureInfo.InvariantCulture, out var first)
            || !int.TryParse(lastText, NumberStyles.None, CultureInfo.InvariantCulture, out var last)
            || last < first || last >= KeyGroupAssignment.MaxParallelismLimit)
        {
            return false;
        }

        // Numbers have more than one spelling: two paths must not give one key.
        key = new(backendId, new(first, last), new(parts[^1]));
        if (path.EndsWith(key.ToString(), StringComparison.Ordinal))
        {
            return true;
        }

        key = default;
        return false;
    }

    /// <summary>The key of a file: from its path if that has our form, else derived from who refers to it (Flink's
    /// files).</summary>
    public static SharedStateKey Of(string path, Guid backendId, KeyGroupRange range) =>
        TryParse(path, out var key) ? key : new(backendId, range, new(path));

    /// <summary>For example <c>6f…/0-63/2-0-91…</c>: the end of the file's path.</summary>
    public override string ToString() => $"{BackendId:D}/{Range}/{Id}";
}
