using BenchmarkDotNet.Attributes;
using Checkpointing.KeyGroups;
using Checkpointing.SharedState;
using Checkpointing.StateHandles;

namespace Checkpointing.Benchmarks.SharedState;

/// <summary>
/// What one completed incremental checkpoint costs the coordinator when nothing changed since the last: the new
/// checkpoint becomes an owner of every file, the subsumed one lets go of all. Budget: below 1 µs a file.
/// </summary>
[MemoryDiagnoser]
public class SharedStateRegistryBenchmarks
{
    private static readonly JobId s_job = new("job");

    private readonly SharedStateRegistry _registry = new();
    private (SharedStateKey Key, StreamStateHandle Handle)[] _files = [];
    private long _checkpoint;

    /// <summary>SST files of one checkpoint: a small and a large job.</summary>
    [Params(100, 10_000)]
    public int FileCount { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        var ids = IdSource.FromSeed(42);
        var backend = ids.NewGuid();
        var range = KeyGroupRange.All(128);
        _files =
        [
            .. Enumerable.Range(0, FileCount).Select(_ =>
            {
                var name = $"1-0-{ids.NewGuid():N}";
                var path = $"job/shared/{backend:D}/{range}/{name}";
                StreamStateHandle handle = new FileStateHandle(path, 64 << 20);
                return (SharedStateKey.Of(path, backend, range), handle);
            }),
        ];
        RegisterAll(OwnerOf(_checkpoint));
    }

    [Benchmark]
    public int SubsumeUnchangedCheckpoint()
    {
        var subsumed = OwnerOf(_checkpoint++);
        RegisterAll(OwnerOf(_checkpoint));
        return _registry.ReleaseAll(subsumed).Count;
    }

    private static SharedStateOwner OwnerOf(long checkpoint) => SharedStateOwner.Checkpoint(s_job, new(checkpoint));

    private void RegisterAll(SharedStateOwner owner)
    {
        foreach (var (key, handle) in _files)
        {
            _registry.Register(key, handle, owner);
        }
    }
}
