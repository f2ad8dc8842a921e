using Checkpointing.Diagnostics;
using Checkpointing.StateHandles;
using Microsoft.Extensions.Logging;

namespace Checkpointing.State;

/// <summary>Opens the state of a subtask: checks the declarations, restores, checks what was stored,
/// migrates.</summary>
internal static partial class SubtaskStateOpening
{
    internal static async ValueTask<SubtaskState> OpenAsync(
        SubtaskStateContext context, CancellationToken cancellationToken)
    {
        CheckNames(context);
        if (context.UsesTimers || context.States.FirstOrDefault(IsKeyed) is not null)
        {
            throw new ArgumentException(
                $"Operator '{context.Operator}' has no key, but {Name(context)} needs one.", nameof(context));
        }

        if (context.Restore.Keyed.Count > 0)
        {
            StateCompatibility.LeaveBehind(context, "(all keyed states)", "states of a keyed operator");
        }

        var operatorState = await OpenOperatorStateAsync(context, cancellationToken).ConfigureAwait(false);
        return new(context, operatorState, operatorState.Describe());
    }

    internal static async ValueTask<SubtaskState<TKey>> OpenAsync<TKey>(
        SubtaskStateContext context, StateSerializer<TKey> keySerializer, CancellationToken cancellationToken)
        where TKey : notnull
    {
        CheckNames(context);
        CheckCanonical(context, keySerializer, "Keys");
        List<StateDescriptor> declared = [.. context.States.Where(IsKeyed)];
        CheckSerializers(context, declared);
        if (context.UsesTimers)
        {
            declared.Add(TimerStateDescriptor.Instance);
        }

        var operatorState = await OpenOperatorStateAsync(context, cancellationToken).ConfigureAwait(false);
        IReadOnlyList<StateDescription> keyed = [.. declared.Select(state => state.Describe(keySerializer))];
        var backend = declared.Count == 0 && context.Restore.Keyed.Count == 0
            ? null
            : await context.Backend.OpenAsync(BackendContext(context, keyed), cancellationToken).ConfigureAwait(false);
        try
        {
            var current = new CurrentKey(context.Operator, context.Range, context.MaxParallelism);
            if (backend is not null)
            {
                Migrate(context, backend, declared, keySerializer, cancellationToken);
                backend.StartExpiring();
            }

            KeyedStateAccess[] accesses =
                [.. declared.Select(state => new KeyedStateAccess(
                    state, backend!.GetTable(state.Name), current, context.Time, context.Observer))];
            var timers = context.UsesTimers ? new KeyedTimers<TKey>(accesses[^1], keySerializer) : null;
            var user = context.UsesTimers ? accesses[..^1] : accesses;
            return new(
                context, operatorState, [.. keyed, .. operatorState.Describe()], current, backend,
                new(current, keySerializer, user), timers);
        }
        catch
        {
            if (backend is not null)
            {
                await backend.DisposeAsync().ConfigureAwait(false);
            }

            throw;
        }
    }

    private static bool IsKeyed(StateDescriptor state) => !state.IsOfOperator;

    private static string Name(SubtaskStateContext context) =>
        context.States.FirstOrDefault(IsKeyed) is { } state ? $"state '{state.Name}'" : "a timer";

    private static void CheckNames(SubtaskStateContext context)
    {
        HashSet<string> names = [TimerStateDescriptor.ReservedName];
        foreach (var state in context.States)
        {
            if (!names.Add(state.Name))
            {
                throw new ArgumentException(
                    state.Name == TimerStateDescriptor.ReservedName
                        ? $"The state name '{state.Name}' is reserved; operator '{context.Operator}' uses it."
                        : $"Operator '{context.Operator}' declares two states '{state.Name}'.",
                    nameof(context));
            }

            // Asks for the serializers: one that is missing is named here, before any element.
            _ = state.Describe(null);
        }
    }

    private static void CheckSerializers(SubtaskStateContext context, IReadOnlyList<StateDescriptor> keyed)
    {
        foreach (var state in keyed)
        {
            CheckCanonical(context, state.UserKey, $"Map keys of state '{state.Name}'");
            CheckCanonical(context, state.Namespace, $"Namespaces of state '{state.Name}'");
        }

        foreach (var group in keyed.Select(static state => state.Namespace).OfType<StateSerializer>()
            .GroupBy(static serializer => serializer.ValueType))
        {
            if (group.DistinctBy(static serializer => serializer.Identity).Count() > 1)
            {
                throw new ArgumentException(
                    $"Operator '{context.Operator}' declares namespaces of {group.Key} with different serializers.",
                    nameof(context));
            }
        }
    }

    private static void CheckCanonical(SubtaskStateContext context, StateSerializer? serializer, string what)
    {
        if (serializer is { IsCanonical: false })
        {
            throw new ArgumentException(
                $"{what} of operator '{context.Operator}' have serializer {serializer.Identity}, which is not "
                + "canonical: equal values could have different bytes. Take another type, or a serializer of your own.",
                nameof(context));
        }
    }

    private static async ValueTask<OperatorState> OpenOperatorStateAsync(
        SubtaskStateContext context, CancellationToken cancellationToken)
    {
        var state = new OperatorState(context.Operator, context.States, context.Observer);
        await OperatorStateRestore.RunAsync(state, context, cancellationToken).ConfigureAwait(false);
        return state;
    }

    private static KeyedStateBackendContext BackendContext(
        SubtaskStateContext context, IReadOnlyList<StateDescription> states) =>
        new()
        {
            Job = context.Job,
            Operator = context.Operator,
            SubtaskIndex = context.SubtaskIndex,
            Range = context.Range,
            MaxParallelism = context.MaxParallelism,
            States = states,
            TimesToLive = context.States.Where(static state => state.TimeToLive is not null)
                .ToDictionary(static state => state.Name, static state => state.TimeToLive!.Duration),
            Reductions = context.States.Where(static state => state is { BuiltIn: not null, TimeToLive: null })
                .ToDictionary(static state => state.Name, static state => state.BuiltIn!),
            RestoreFrom = context.Restore.Keyed,
            RestoredCheckpoint = context.Restore.Checkpoint,
            RestoredIsForeign = context.Restore.IsForeign,
            Storage = context.Storage,
            Ids = context.Ids,
            Time = context.Time,
            Logger = context.Logger,
        };

    private static void Migrate(
        SubtaskStateContext context, KeyedStateBackend backend, IReadOnlyList<StateDescriptor> declared,
        StateSerializer keySerializer, CancellationToken cancellationToken)
    {
        foreach (var migration in StateCompatibility.Check(context, backend.RestoredStates, declared, keySerializer))
        {
            var name = migration.Descriptor.Name;
            var rows = migration.Run(backend.GetTable(name), context.Range, context.Operator, cancellationToken);
            LogMigrated(context.Logger, rows, name, context.Operator, context.SubtaskIndex, migration.Stored);
        }
    }

    [LoggerMessage(
        CheckpointingEventIds.StateMigrated, LogLevel.Information,
        "Rewrote {Rows} rows of state '{State}' of operator '{Operator}', subtask {SubtaskIndex}, written by "
        + "{Stored}.")]
    private static partial void LogMigrated(
        ILogger logger, long rows, string state, string @operator, int subtaskIndex, SerializerIdentity stored);
}
