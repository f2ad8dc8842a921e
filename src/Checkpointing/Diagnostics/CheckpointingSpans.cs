using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Checkpointing.Diagnostics;

/// <summary>Names of the spans of the activity source <see cref="CheckpointingMetrics.MeterName"/>, and of their tags
/// beside those of measurements. The tree: docs/observability.md.</summary>
public static class CheckpointingSpans
{
    /// <summary>One checkpoint, from its trigger to its end; the root of its trace, or a child of the span in which it
    /// was asked for.</summary>
    public const string Checkpoint = "checkpoint";

    /// <summary>Triggers are sent to the subtasks.</summary>
    public const string Trigger = "checkpoint.trigger";

    /// <summary>One subtask's snapshot. Its context travels with the trigger, so that it may be made on another
    /// machine.</summary>
    public const string Snapshot = "checkpoint.snapshot";

    /// <summary>The subtask stands still.</summary>
    public const string Synchronous = "checkpoint.snapshot.synchronous";

    /// <summary>The rest is written beside the running subtask.</summary>
    public const string Asynchronous = "checkpoint.snapshot.asynchronous";

    /// <summary>One file is brought to the storage. At most 128 of one snapshot have a span.</summary>
    public const string Transfer = "checkpoint.transfer";

    /// <summary>An acknowledgement is taken: a moment.</summary>
    public const string Acknowledge = "checkpoint.acknowledge";

    /// <summary>From the last acknowledgement to the commit.</summary>
    public const string Publish = "checkpoint.publish";

    /// <summary>Folders are synced and the metadata is written.</summary>
    public const string Metadata = "checkpoint.publish.metadata";

    /// <summary>The register is replaced.</summary>
    public const string Register = "checkpoint.publish.register";

    /// <summary>An older checkpoint has left the list and lets go of its files.</summary>
    public const string Subsume = "checkpoint.subsume";

    /// <summary>From the beginning of recovery until all tasks run.</summary>
    public const string Restore = "restore";

    /// <summary>The register and the metadata of retained checkpoints are read, orphans swept.</summary>
    public const string Recover = "restore.recover";

    /// <summary>The state of one subtask is opened.</summary>
    public const string Subtask = "restore.subtask";

    /// <summary>One file is brought from the storage. At most 128 of one subtask have a span.</summary>
    public const string Fetch = "restore.transfer";

    /// <summary>Tag: id of the checkpoint.</summary>
    public const string CheckpointTag = "checkpointing.checkpoint.id";

    /// <summary>Tag: the subtask, from 0.</summary>
    public const string SubtaskTag = "checkpointing.subtask";

    /// <summary>Tag: path of the file or checkpoint on the storage.</summary>
    public const string PathTag = "checkpointing.path";

    /// <summary>Tag: bytes, of the file or stored by the snapshot or checkpoint.</summary>
    public const string SizeTag = "checkpointing.size";

    /// <summary>Spans of files that one snapshot or restored subtask gets.</summary>
    internal const int MaxTransfers = 128;

    internal static ActivitySource Source { get; } = new(CheckpointingMetrics.MeterName);

    /// <summary>Begins a span below another, here or on another machine, which becomes the current one: for
    /// asynchronous methods, where that ends with the method.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="parent">W3C trace context of the parent; null: there is none to join, and no span.</param>
    /// <returns>Null if nobody listens.</returns>
    internal static Activity? StartBelow(string name, string? parent) =>
        TryParse(parent, out var context) ? Source.StartActivity(name, ActivityKind.Internal, context) : null;

    /// <summary>As <see cref="StartBelow"/>, but <see cref="Activity.Current"/> stays as it is. Ended by
    /// <see cref="End"/>, on any thread.</summary>
    internal static Activity? StartDetachedBelow(string name, string? parent) =>
        TryParse(parent, out var context) ? StartDetached(name, context) : null;

    /// <summary>Begins a span that does not become the current one.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="parent">The default: the span is a root.</param>
    internal static Activity? StartDetached(string name, ActivityContext parent)
    {
        if (!Source.HasListeners())
        {
            return null;
        }

        // Without a parent given, the current one would be taken.
        var current = Activity.Current;
        Activity.Current = null;
        var started = Source.StartActivity(name, ActivityKind.Internal, parent);
        Activity.Current = current;
        return started;
    }

    /// <summary>Ends a span; <see cref="Activity.Current"/> stays as it is.</summary>
    /// <param name="activity">The span.</param>
    /// <param name="failure">Why it failed; null: it did not.</param>
    internal static void End(this Activity activity, string? failure = null)
    {
        if (failure is not null)
        {
            activity.SetStatus(ActivityStatusCode.Error, failure);
        }

        var current = Activity.Current;
        activity.Dispose();
        Activity.Current = current;
    }

    /// <summary>For backends: begins the span of a file that a snapshot brings to the storage. The caller disposes
    /// it.</summary>
    /// <param name="path">The file on the storage.</param>
    /// <param name="sizeBytes">Its length.</param>
    /// <returns>Null if nobody listens, the call is not made from within
    /// <c>KeyedStateSnapshot.WriteAsync</c>, or there are 128 already.</returns>
    public static Activity? StartTransfer(string path, long sizeBytes) => StartFile(Transfer, path, sizeBytes);

    /// <summary>For backends: begins the span of a file that a restore brings from the storage. The caller disposes
    /// it.</summary>
    /// <param name="path">The file on the storage.</param>
    /// <param name="sizeBytes">Its length.</param>
    /// <returns>Null if nobody listens, the call is not made from within the opening of a backend, or there are 128
    /// already.</returns>
    public static Activity? StartFetch(string path, long sizeBytes) => StartFile(Fetch, path, sizeBytes);

    /// <summary>Files may have spans below this one.</summary>
    internal static void CountTransfers(this Activity activity) =>
        activity.SetCustomProperty(nameof(MaxTransfers), new StrongBox<int>());

    private static bool TryParse(string? parent, out ActivityContext context)
    {
        context = default;
        return parent is not null && Source.HasListeners()
            && ActivityContext.TryParse(parent, null, isRemote: true, out context);
    }

    private static Activity? StartFile(string name, string path, long sizeBytes)
    {
        // Only below a span of ours that has said so: what else goes on in the process is none of our business.
        if (!Source.HasListeners()
            || Activity.Current?.GetCustomProperty(nameof(MaxTransfers)) is not StrongBox<int> count
            || Interlocked.Increment(ref count.Value) > MaxTransfers)
        {
            return null;
        }

        var started = Source.StartActivity(name);
        started?.SetTag(PathTag, path);
        started?.SetTag(SizeTag, sizeBytes);
        return started;
    }
}
