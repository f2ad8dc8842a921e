using System.Diagnostics;
using System.Globalization;
using Checkpointing.KeyGroups;
using Checkpointing.SharedState;
using Checkpointing.StateHandles;

namespace Checkpointing.Benchmarks.SharedState;

/// <summary>Time and memory of a registry whose files all belong to ten retained checkpoints; budget: 1 µs a file to
/// register and release, 200 MB at 1,000,000 files. Keys and handles are the metadata's and not counted.</summary>
internal static class RegistryRatios
{
    private const int Retained = 10;
    private const int Rounds = 10;

    public static void Run(int fileCount)
    {
        var ids = IdSource.FromSeed(42);
        var backend = ids.NewGuid();
        var range = KeyGroupRange.All(128);
        var files = Enumerable.Range(0, fileCount).Select(_ =>
        {
            var path = $"job/shared/{backend:D}/{range}/1-0-{ids.NewGuid():N}";
            return (Key: SharedStateKey.Of(path, backend, range), Handle: new FileStateHandle(path, 64 << 20));
        }).ToArray();

        var before = GC.GetTotalMemory(forceFullCollection: true);
        var registry = new SharedStateRegistry();
        var checkpoint = 0L;
        for (; checkpoint < Retained; checkpoint++)
        {
            Register(registry, files, checkpoint);
        }

        var bytes = GC.GetTotalMemory(forceFullCollection: true) - before;
        var (registering, releasing) = (TimeSpan.MaxValue, TimeSpan.MaxValue);
        for (var round = 0; round < Rounds; round++, checkpoint++)
        {
            var start = Stopwatch.GetTimestamp();
            Register(registry, files, checkpoint);
            var registered = Stopwatch.GetTimestamp();
            registry.ReleaseAll(OwnerOf(checkpoint - Retained));
            var released = Stopwatch.GetTimestamp();
            (registering, releasing) = (
                Least(registering, Stopwatch.GetElapsedTime(start, registered)),
                Least(releasing, Stopwatch.GetElapsedTime(registered, released)));
        }

        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{registry.Count} files, {Retained} checkpoints each: register {MicrosecondsAFile(registering):F3} µs, "
            + $"release {MicrosecondsAFile(releasing):F3} µs a file (fastest of {Rounds}); {bytes / 1e6:F1} MB"));

        double MicrosecondsAFile(TimeSpan time) => time.TotalMicroseconds / fileCount;
    }

    private static TimeSpan Least(TimeSpan left, TimeSpan right) => left < right ? left : right;

    private static SharedStateOwner OwnerOf(long checkpoint) => SharedStateOwner.Checkpoint("job", new(checkpoint));

    private static void Register(
        SharedStateRegistry registry, (SharedStateKey Key, FileStateHandle Handle)[] files, long checkpoint)
    {
        var owner = OwnerOf(checkpoint);
        foreach (var (key, handle) in files)
        {
            registry.Register(key, handle, owner);
        }
    }
}
