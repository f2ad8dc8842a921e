using Checkpointing.KeyGroups;
using Checkpointing.SharedState;
using Checkpointing.StateHandles;
using Checkpointing.Testing;
using Microsoft.Coyote.Runtime;

namespace Checkpointing.Schedules.Harnesses;

/// <summary>Owners register, give up and release the same files at a time: each file is handed back for deletion once,
/// and never while somebody owns it.</summary>
internal sealed class RegistryHarness
{
    private const int Files = 3;
    private const int FileBytes = 10;
    private static readonly KeyGroupRange s_range = new(0, 15);
    private static readonly Guid s_backend = new("4b1d3a52-0d19-4c5a-8ad0-9a0f5f1f0c11");
    private static readonly JobId s_job = new("job");

    private readonly SharedStateRegistry _registry = new();
    private readonly object _gate = new();
    private readonly HashSet<SharedStateKey> _handedBack = [];

    internal async Task RunAsync()
    {
        var attempt = SharedStateOwner.Attempt(1, 0, "rows", 0);
        for (var file = 0; file < Files; file++)
        {
            _registry.Register(KeyOf(file), HandleOf(file), attempt);
        }

        await Scene.AllAsync(
            () => OwnAsync(1),
            () => OwnAsync(2),
            () => OwnAsync(3),
            async () =>
            {
                await Task.Yield();
                TakeBack(_registry.GiveUp(attempt, [KeyOf(0), KeyOf(1)]));
                SchedulingPoint.Interleave();
                TakeBack(_registry.ReleaseAll(attempt));
            });
        Expect.Equal(0, _registry.Count, "files that are left");
        Expect.Equal(Files, _handedBack.Count, "files that were handed back");
    }

    private async Task OwnAsync(int number)
    {
        var owner = SharedStateOwner.Checkpoint(s_job, new(number));
        var owned = new List<SharedStateKey>();
        for (var file = number % 2; file < Files; file++)
        {
            await Task.Yield();
            if (TryOwn(file, owner))
            {
                owned.Add(KeyOf(file));
                SchedulingPoint.Interleave();
                Expect.That(TryOwn(file, owner), "an owned file is known: registering twice is once");
            }
        }

        SchedulingPoint.Interleave();
        Expect.That(!owned.Exists(IsHandedBack), "no owned file is handed back");
        TakeBack(_registry.ReleaseAll(owner));
        TakeBack(_registry.ReleaseAll(owner));
    }

    private bool TryOwn(int file, SharedStateOwner owner)
    {
        var wasHandedBack = IsHandedBack(KeyOf(file));
        SchedulingPoint.Interleave();
        try
        {
            var placeholder = new PlaceholderStateHandle(KeyOf(file), FileBytes);
            var entry = _registry.Register(KeyOf(file), placeholder, owner);
            Expect.Equal(HandleOf(file), entry.Handle, "the file of a placeholder");
            Expect.That(!wasHandedBack, "a file that was handed back is not known any more");
            return true;
        }
        catch (UnknownSharedStateException)
        {
            return false;
        }
    }

    private bool IsHandedBack(SharedStateKey key)
    {
        lock (_gate)
        {
            return _handedBack.Contains(key);
        }
    }

    private void TakeBack(IReadOnlyList<SharedStateEntry> entries)
    {
        foreach (var entry in entries)
        {
            lock (_gate)
            {
                Expect.That(_handedBack.Add(entry.Key), "a file is handed back once");
            }
        }
    }

    private static SharedStateKey KeyOf(int file) => SharedStateKey.Of(PathOf(file), s_backend, s_range);

    private static StreamStateHandle HandleOf(int file) => new FileStateHandle(PathOf(file), FileBytes, null);

    private static string PathOf(int file) => $"job/shared/{file}";
}
