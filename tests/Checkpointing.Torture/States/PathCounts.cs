using Checkpointing.RocksDb;
using Checkpointing.RocksDb.Restore;
using Checkpointing.RocksDb.Snapshots;

namespace Checkpointing.Torture.States;

/// <summary>What histories went through, by name; every path is to be taken by some history of a run.</summary>
internal sealed class PathCounts
{
    // Nothing should ever get there: see docs/reliability.md.
    private static readonly string[] s_never = ["import refused", "barrier written meanwhile", "barrier not sealed"];

    private static readonly string[] s_paths =
    [
        "restore same range", "restore whole files", "restore patched", "restore rewritten",
        "restore whole files and rewritten", "restore row by row", "restore row by row of files",
        "foreign rows cleaned", "canonical heap to RocksDB", "canonical RocksDB to heap",
        "canonical RocksDB to RocksDB", "foreign checkpoint", "older checkpoint", "savepoint restored",
        "native savepoint restored", "savepoint deleted after its restore", "time to live set",
        "time to live shortened", "rescaled without writes", "rescaled five times in a row",
        "straddling files", "straddle exported", "straddle patched", "barrier not waited",
        "barrier writes stopped", "expired rows dropped by compaction", "expired elements dropped by compaction",
        "checkpoints", "full checkpoints", "savepoints", "native savepoints", "files used again",
        "aborted unwritten", "aborted half written", "aborted written", "aborted by a failure of the storage",
        "notice lost", "two in flight", "two in flight, newer first", "older aborted, newer completed",
        "written beside writes", "subsumed",
    ];

    private readonly SortedDictionary<string, long> _counts = new(StringComparer.Ordinal);
    private readonly HashSet<(int, int)> _pairs = [];
    private readonly HashSet<string> _shapes = [];

    internal PathCounts()
    {
        foreach (var path in s_paths.Concat(s_never))
        {
            _counts[path] = 0;
        }
    }

    /// <summary>By name.</summary>
    internal IReadOnlyDictionary<string, long> Counts => _counts;

    /// <summary>From how many parallelisms to how many others.</summary>
    internal int PairCount => _pairs.Count;

    /// <summary>Kinds of state with and without namespace, with each time to live.</summary>
    internal int ShapeCount => _shapes.Count;

    /// <summary>Paths that were not taken.</summary>
    internal IEnumerable<string> Missing => s_paths.Where(path => _counts[path] == 0);

    /// <summary>Paths that should never be taken, and were.</summary>
    internal IEnumerable<string> Forbidden => s_never.Where(path => _counts[path] > 0);

    internal void Add(string path, long count = 1) => _counts[path] = _counts.GetValueOrDefault(path) + count;

    internal void AddPair(int before, int after) => _pairs.Add((before, after));

    internal void AddShape(string shape) => _shapes.Add(shape);

    internal void Add(PathCounts other)
    {
        foreach (var (path, count) in other._counts)
        {
            Add(path, count);
        }

        _pairs.UnionWith(other._pairs);
        _shapes.UnionWith(other._shapes);
    }

    /// <summary>What the backends of a factory did when they were restored.</summary>
    internal void Add(RestoreCounts counts)
    {
        Add("restore same range", counts.SameRange);
        Add("restore whole files", counts.Whole);
        Add("restore patched", counts.Patched);
        Add("restore rewritten", counts.Rewritten);
        Add("restore row by row", counts.ByRows);
        Add("import refused", counts.Refused);
        Add("foreign rows cleaned", counts.Cleaned);
    }

    /// <summary>What the snapshots of a backend did.</summary>
    internal void Add(RocksDbKeyedStateBackend backend)
    {
        var counters = backend.Scope.Counters;
        Add("straddling files", counters.StraddlingFiles);
        Add("straddle exported", counters.ExportedFiles);
        Add("straddle patched", counters.PatchedFamilies);
        Add("barrier not waited", counters.Barriers(BarrierPath.NotWaited));
        Add("barrier writes stopped", counters.Barriers(BarrierPath.WritesStopped));
        Add("barrier written meanwhile", counters.Barriers(BarrierPath.WrittenMeanwhile));
        Add("barrier not sealed", counters.Barriers(BarrierPath.NotSealed));
    }
}
