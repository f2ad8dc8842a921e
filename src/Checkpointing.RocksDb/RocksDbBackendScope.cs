using Checkpointing.KeyGroups;
using Checkpointing.RocksDb.Native;
using Checkpointing.RocksDb.Restore;
using Checkpointing.RocksDb.Snapshots;
using Checkpointing.RocksDb.Working;
using Checkpointing.State;

namespace Checkpointing.RocksDb;

/// <summary>The open parts of one backend, as restore leaves them and snapshots need them.</summary>
internal sealed record RocksDbBackendScope
{
    /// <summary>What the backend was opened for.</summary>
    public required KeyedStateBackendContext Context { get; init; }

    /// <summary>Settings.</summary>
    public required RocksDbBackendOptions Options { get; init; }

    /// <summary>Local files.</summary>
    public required WorkingFolder Folder { get; init; }

    /// <summary>The database.</summary>
    public required RocksDatabase Database { get; init; }

    /// <summary>Id of the backend.</summary>
    public required Guid BackendId { get; init; }

    /// <summary>Column families of the declared states, in the order of their declaration.</summary>
    public required IReadOnlyList<ColumnFamily> ColumnFamilies { get; init; }

    /// <summary>What is stored where.</summary>
    public required SharedFileLedger Ledger { get; init; }

    /// <summary>Verifies restored files behind the backend; null if there is nothing to verify.</summary>
    public BackgroundVerification? Verification { get; init; }

    /// <summary>What its snapshots did.</summary>
    public SnapshotCounters Counters { get; } = new();

    /// <summary>Where it is measured.</summary>
    public RocksDbInstruments Instruments => RocksDbInstruments.Of(Options.Meter);

    /// <summary>Key groups of the backend.</summary>
    public KeyGroupRange Range => Context.Range;

    /// <summary>Waits until every restored file is known to be as it was stored: before that nothing of it may become
    /// part of a checkpoint.</summary>
    internal Task WaitUntilVerifiedAsync(CancellationToken cancellationToken) =>
        Verification?.WaitUntilPassedAsync(cancellationToken) ?? Task.CompletedTask;

    /// <summary>Name of the column family of a state. The prefix keeps a state named <c>default</c> out of RocksDB's
    /// own.</summary>
    internal static string ColumnFamilyName(string stateName) => "s:" + stateName;
}
