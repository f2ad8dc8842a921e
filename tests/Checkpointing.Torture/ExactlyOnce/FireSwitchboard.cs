using System.Diagnostics;
using Checkpointing.Testing.Faults;

namespace Checkpointing.Torture.ExactlyOnce;

/// <summary>Counts what a life comes by, and makes happen what is planned there. Each thing happens once.</summary>
/// <remarks>Safe for concurrent calls.</remarks>
/// <param name="plan">What happens.</param>
/// <param name="seed">Decides which error a storage has.</param>
/// <param name="report">Is told each fire as it happens, before it does.</param>
internal sealed class FireSwitchboard(LifePlan plan, int seed, Action<FireKind> report) : IDisposable
{
    /// <summary>Checkpoints that take longer expire.</summary>
    internal static readonly TimeSpan CheckpointTimeout = TimeSpan.FromMilliseconds(400);

    /// <summary>Longer than that, so that whoever waits for it expires.</summary>
    internal static readonly TimeSpan LongWait = TimeSpan.FromMilliseconds(600);

    private static readonly FaultKind[] s_errors =
    [
        FaultKind.DeviceError, FaultKind.NoSpace, FaultKind.TimedOut, FaultKind.AppliedButFailed,
        FaultKind.ShortWrite,
    ];

    private readonly int[] _counts = new int[Enum.GetValues<FirePlace>().Length];
    private readonly bool[] _done = new bool[plan.Fires.Count];
    private readonly Lock _lock = new();
    private readonly ManualResetEventSlim _never = new();
    private readonly TaskCompletionSource _stop = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when the job is to be stopped with a savepoint.</summary>
    internal Task StopWanted => _stop.Task;

    /// <summary>The keyed operator handles a record.</summary>
    internal void OnRecord()
    {
        switch (Next(FirePlace.Record))
        {
            case FireKind.OperatorThrows:
                throw new InvalidDataException("planned failure of the operator");
            case FireKind.TaskStalls:
                _never.Wait(LongWait);
                break;
            case FireKind.StoppedWithSavepoint:
                _stop.TrySetResult();
                break;
        }
    }

    /// <summary>A sink is about to change a file.</summary>
    internal void OnFileStep() => Next(FirePlace.FileStep);

    /// <summary>The free space is asked for.</summary>
    /// <returns>Whether there is none.</returns>
    internal bool IsSpaceUsedUp() => Next(FirePlace.SpaceQuestion) == FireKind.CheckpointDeclined;

    /// <summary>The storage is called.</summary>
    internal FaultKind OnStorageCall(StorageOperation operation)
    {
        if (operation.Kind is StorageOperationKind.Create or StorageOperationKind.StoreLocalFile
            && Next(FirePlace.StorageWrite) == FireKind.CheckpointTimesOut)
        {
            return FaultKind.Delayed;
        }

        // An error that this call cannot have is tried at the next one.
        var error = s_errors[(int)((uint)HashCode(operation.Number) % s_errors.Length)];
        return Next(FirePlace.StorageCall, only: FaultPlan.CanHave(operation.Kind, error)) == FireKind.StorageError
            ? error
            : FaultKind.None;
    }

    public void Dispose() => _never.Dispose();

    // The same in every process, unlike the one of .NET.
    private int HashCode(int number) => unchecked(((seed * 31) + number) * (int)0x9E3779B1);

    private FireKind? Next(FirePlace place, bool only = true)
    {
        FireKind? fired = null;
        lock (_lock)
        {
            var count = only ? ++_counts[(int)place] : _counts[(int)place];
            for (var i = 0; i < plan.Fires.Count && only && fired is null; i++)
            {
                if (!_done[i] && plan.Fires[i].Place == place && plan.Fires[i].At <= count)
                {
                    _done[i] = true;
                    fired = plan.Fires[i].Kind;
                }
            }
        }

        if (fired is { } kind)
        {
            report(kind);
            if (kind == FireKind.ProcessKilled)
            {
                KillThisProcess();
            }
        }

        return fired;
    }

    private void KillThisProcess()
    {
        using var self = Process.GetCurrentProcess();
        self.Kill();
        _never.Wait();
    }
}
