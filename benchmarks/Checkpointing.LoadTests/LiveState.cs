using Checkpointing.Storage.Local;

namespace Checkpointing.LoadTests;

/// <summary>The same rows in a state of ours and in raw RocksDB, both open and checkpointed once.</summary>
internal sealed class LiveState : IAsyncDisposable
{
    private LiveState(LoadTestFolder folder, OurState ours, RawDatabase raw, EventCounts events, string linked)
    {
        Folder = folder;
        Ours = ours;
        Raw = raw;
        Events = events;
        Linked = linked;
    }

    internal LoadTestFolder Folder { get; }

    internal OurState Ours { get; }

    internal RawDatabase Raw { get; }

    internal EventCounts Events { get; }

    /// <summary>Where the raw side has its links.</summary>
    internal string Linked { get; }

    internal int RowCount => Folder.Settings.RowCount;

    internal static async Task<LiveState> FillAsync(LoadTestFolder folder, CancellationToken cancellationToken)
    {
        var storage = new LocalCheckpointStorage(RawRestore.RootOf(folder));
        var events = new EventCounts();
        var ours = await OurState.OpenAsync(
            folder, storage, logger: events, cancellationToken: cancellationToken).ConfigureAwait(false);
        ours.Put(0, folder.Settings.RowCount, 0);
        await ours.CheckpointAsync(cancellationToken: cancellationToken).ConfigureAwait(false);
        var raw = new RawDatabase(folder, "raw");
        raw.Put(0, folder.Settings.RowCount, 0);
        var linked = folder.NewPath("linked");
        raw.FlushAndLink(linked);
        return new(folder, ours, raw, events, linked);
    }

    public async ValueTask DisposeAsync()
    {
        Raw.Dispose();
        await Ours.DisposeAsync().ConfigureAwait(false);
    }
}
