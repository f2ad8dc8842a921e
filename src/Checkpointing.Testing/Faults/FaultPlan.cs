namespace Checkpointing.Testing.Faults;

/// <summary>Decides which operations of <see cref="FaultyStorage"/> and <see cref="FaultyRegister"/> fail, and how;
/// numbers them and writes them down.</summary>
/// <remarks>
/// <para>One plan is one process: storage and register of a process share one, so that an operation has one number.
/// With deterministic work the same plan gives the same faults at the same places: run once without faults, look at
/// <see cref="Count"/>, then once for each number.</para>
/// <para>Safe for concurrent calls; but only work on one thread gives an operation the same number in every
/// run.</para>
/// </remarks>
public sealed class FaultPlan
{
    private static readonly Func<StorageOperation, FaultKind> s_nothing = static _ => FaultKind.None;

    private readonly Lock _lock = new();
    private readonly List<StorageOperation> _log = [];
    private readonly List<(int Due, Func<ValueTask> Apply)> _late = [];
    private readonly TaskCompletionSource _crashed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Func<StorageOperation, FaultKind> _decide;
    private int _count;
    private int _injected;

    /// <summary>A plan by a function of one's own.</summary>
    /// <param name="decide">Called once for each operation, before it, under a lock. A fault that an operation cannot
    /// have is none. Null: no faults.</param>
    public FaultPlan(Func<StorageOperation, FaultKind>? decide = null) => _decide = decide ?? s_nothing;

    /// <summary>While false, operations are neither counted nor harmed. Default: true.</summary>
    public bool IsActive { get; set; } = true;

    /// <summary>Gives the bits to flip. Default: 0.</summary>
    public ulong Seed { get; init; }

    /// <summary>Time of <see cref="FaultKind.Delayed"/>. Default: the system's.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>How long <see cref="FaultKind.Delayed"/> takes. Default: one hour, so virtual time is wanted.</summary>
    public TimeSpan Delay { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Whether <see cref="Log"/> is kept. Default: true.</summary>
    public bool KeepsLog { get; init; } = true;

    /// <summary>Awaited before an operation is done, and by those that change something also before they answer: a
    /// simulation chooses here who goes on next. Default: null.</summary>
    public Func<StorageOperation, ValueTask>? Gate { get; init; }

    /// <summary>Cancels a token at one operation. Default: null.</summary>
    public PlannedCancellation? Cancellation { get; init; }

    /// <summary>Operations so far.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _count;
            }
        }
    }

    /// <summary>Faults so far.</summary>
    public int InjectedCount
    {
        get
        {
            lock (_lock)
            {
                return _injected;
            }
        }
    }

    /// <summary>All operations so far with what was done to them; a copy.</summary>
    public IReadOnlyList<StorageOperation> Log
    {
        get
        {
            lock (_lock)
            {
                return [.. _log];
            }
        }
    }

    /// <summary>Whether the process has died.</summary>
    public bool HasCrashed => _crashed.Task.IsCompleted;

    /// <summary>Completes when the process dies: what it was doing never ends, so wait for this beside it.</summary>
    public Task WhenCrashed => _crashed.Task;

    /// <summary>Faults at operations of known numbers.</summary>
    public static FaultPlan At(params IReadOnlyList<PlannedFault> faults) => new(Decide(faults));

    /// <summary>The function for faults at operations of known numbers.</summary>
    public static Func<StorageOperation, FaultKind> Decide(params IReadOnlyList<PlannedFault> faults)
    {
        ArgumentNullException.ThrowIfNull(faults);
        return operation =>
        {
            foreach (var fault in faults)
            {
                if ((fault.Number == operation.Number || (fault.IsForEver && fault.Number < operation.Number))
                    && CanHave(operation.Kind, fault.Kind))
                {
                    return fault.Kind;
                }
            }

            return FaultKind.None;
        };
    }

    /// <summary>The function for faults by chance, the same for the same seed and order of operations.</summary>
    /// <param name="random">Used under the plan's lock.</param>
    /// <param name="rate">Chance of a fault for an operation, 0 to 1.</param>
    /// <param name="kinds">Which; one that an operation cannot have is none.</param>
    public static Func<StorageOperation, FaultKind> DecideRandomly(
        Random random, double rate, IReadOnlyList<FaultKind> kinds)
    {
        ArgumentNullException.ThrowIfNull(random);
        ArgumentNullException.ThrowIfNull(kinds);
        return _ => kinds.Count > 0 && random.NextDouble() < rate ? kinds[random.Next(kinds.Count)] : FaultKind.None;
    }

    /// <summary>Whether an operation can go wrong in this way.</summary>
    public static bool CanHave(StorageOperationKind operation, FaultKind fault) => fault switch
    {
        FaultKind.Denied or FaultKind.DeviceError or FaultKind.TimedOut or FaultKind.Delayed or FaultKind.Crash => true,
        FaultKind.NotFound => operation is StorageOperationKind.OpenRead or StorageOperationKind.Copy
            or StorageOperationKind.FetchLocalFile,
        FaultKind.NoSpace => operation is StorageOperationKind.Create or StorageOperationKind.Write
            or StorageOperationKind.Commit or StorageOperationKind.Copy or StorageOperationKind.StoreLocalFile
            or StorageOperationKind.FetchLocalFile or StorageOperationKind.ReplaceRegister,
        FaultKind.ShortWrite => operation is StorageOperationKind.Write,
        FaultKind.AppliedButFailed => operation is not StorageOperationKind.GetSpace,
        FaultKind.AppliedLate => operation is StorageOperationKind.Commit or StorageOperationKind.Delete
            or StorageOperationKind.Copy or StorageOperationKind.ReplaceRegister,
        FaultKind.BitFlip or FaultKind.ShortRead or FaultKind.CutRead => operation is StorageOperationKind.Read,
        _ => false,
    };

    /// <summary>The process dies now: no operation under way ends any more.</summary>
    public void Crash() => _crashed.TrySetResult();

    /// <summary>An operation begins.</summary>
    /// <returns>It, with the fault that it has; <see cref="FaultKind.Delayed"/> and <see cref="FaultKind.Crash"/> are
    /// over when this returns.</returns>
    internal async ValueTask<StorageOperation> BeginAsync(
        StorageOperationKind kind, string path, CancellationToken cancellationToken)
    {
        await EndIfCrashedAsync().ConfigureAwait(false);
        if (!IsActive)
        {
            return new(0, kind, path);
        }

        var operation = Register(kind, path, out var late);
        foreach (var apply in late)
        {
            await ApplyLateAsync(apply).ConfigureAwait(false);
        }

        if (operation.Fault == FaultKind.Crash)
        {
            Crash();
        }

        CancelIfPlanned(operation, isLate: false);
        if (Gate is { } gate)
        {
            await gate(operation).ConfigureAwait(false);
        }

        await EndIfCrashedAsync().ConfigureAwait(false);
        if (operation.Fault == FaultKind.Delayed)
        {
            await Task.Delay(Delay, Time, cancellationToken).ConfigureAwait(false);
            await EndIfCrashedAsync().ConfigureAwait(false);
        }

        return operation;
    }

    /// <summary>As <see cref="BeginAsync"/>, for callers that cannot wait: no delay, no gate.</summary>
    internal StorageOperation BeginNow(StorageOperationKind kind, string path) =>
        IsActive ? Register(kind, path, out _) : new(0, kind, path);

    /// <summary>An operation that changed something is about to answer.</summary>
    internal async ValueTask EndAsync(StorageOperation operation)
    {
        CancelIfPlanned(operation, isLate: true);
        if (Gate is { } gate && operation.Number > 0 && operation.IsChange)
        {
            await gate(operation).ConfigureAwait(false);
        }

        await EndIfCrashedAsync().ConfigureAwait(false);
    }

    /// <summary>Has a change done a few operations later.</summary>
    internal void ApplyLater(StorageOperation operation, Func<ValueTask> apply)
    {
        const int MostLater = 6;
        lock (_lock)
        {
            _late.Add((operation.Number + 1 + (int)(Mix(Seed + (ulong)operation.Number) % MostLater), apply));
        }
    }

    /// <summary>The bit to flip in a block that was read.</summary>
    internal (int Index, byte Mask) BitToFlip(StorageOperation operation, int length)
    {
        var mixed = Mix(Seed ^ ((ulong)operation.Number << 32));
        return ((int)(mixed % (uint)length), (byte)(1 << (int)((mixed >> 40) & 7)));
    }

    private static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 33)) * 0xFF51AFD7ED558CCD;
        value = (value ^ (value >> 33)) * 0xC4CEB9FE1A85EC53;
        return value ^ (value >> 33);
    }

    private static async ValueTask ApplyLateAsync(Func<ValueTask> apply)
    {
        try
        {
            await apply().ConfigureAwait(false);
        }
        catch (CheckpointingException)
        {
            // Nobody waits for it any more.
        }
    }

    private StorageOperation Register(StorageOperationKind kind, string path, out List<Func<ValueTask>> late)
    {
        late = [];
        lock (_lock)
        {
            var operation = new StorageOperation(++_count, kind, path);
            var fault = _decide(operation);
            operation = CanHave(kind, fault) ? operation with { Fault = fault } : operation;
            _injected += operation.Fault == FaultKind.None ? 0 : 1;
            if (KeepsLog)
            {
                _log.Add(operation);
            }

            for (var i = 0; i < _late.Count;)
            {
                if (_late[i].Due > operation.Number)
                {
                    i++;
                    continue;
                }

                late.Add(_late[i].Apply);
                _late.RemoveAt(i);
            }

            return operation;
        }
    }

    private void CancelIfPlanned(StorageOperation operation, bool isLate)
    {
        if (Cancellation is { } planned && planned.Number == operation.Number && planned.IsLate == isLate)
        {
            planned.Source.Cancel();
        }
    }

    private ValueTask EndIfCrashedAsync() =>
        HasCrashed ? new(new TaskCompletionSource().Task) : ValueTask.CompletedTask;
}
