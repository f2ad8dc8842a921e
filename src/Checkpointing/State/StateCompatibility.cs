using Checkpointing.Diagnostics;
using Checkpointing.StateHandles;
using Microsoft.Extensions.Logging;

namespace Checkpointing.State;

/// <summary>The one place where stored states are held against declared ones.</summary>
internal static partial class StateCompatibility
{
    private const string RenameAdvice = "Run the program that wrote it, or give the state a new name.";

    /// <summary>Checks all states of an operator.</summary>
    /// <param name="context">The operator.</param>
    /// <param name="stored">What the checkpoint holds.</param>
    /// <param name="declared">What the program declares.</param>
    /// <param name="keySerializer">Serializer of keys; null for operator state.</param>
    /// <returns>Declared states whose values have to be rewritten, with the serializer that wrote them.</returns>
    /// <exception cref="StateMigrationException">A state does not fit.</exception>
    internal static IReadOnlyList<StateMigration> Check(
        SubtaskStateContext context, IReadOnlyList<StateDescription> stored, IReadOnlyList<StateDescriptor> declared,
        StateSerializer? keySerializer)
    {
        List<StateMigration> migrations = [];
        foreach (var state in stored)
        {
            if (declared.FirstOrDefault(descriptor => descriptor.Name == state.Name) is not { } descriptor)
            {
                LeaveBehind(context, state.Name, state.Kind.ToString());
            }
            else if (CheckState(context.Operator, state, descriptor, keySerializer) == SerializerCompatibility.Migrates
                || state.IsStamped != (descriptor.TimeToLive is not null))
            {
                migrations.Add(new(
                    descriptor, state.Value!, state.IsStamped, StateExpiry.NowOf(context.Time)));
            }
        }

        return migrations;
    }

    /// <summary>Checks all states of an operator against what a checkpoint's metadata say, before anything is
    /// opened.</summary>
    /// <exception cref="StateMigrationException">A state does not fit.</exception>
    internal static void CheckBeforehand(
        string operatorName, IEnumerable<StateDescription> stored, IReadOnlyList<StateDescriptor> declared,
        StateSerializer? keySerializer, bool allowNonRestoredState)
    {
        foreach (var state in stored)
        {
            if (declared.FirstOrDefault(descriptor => descriptor.Name == state.Name) is { } descriptor)
            {
                CheckState(
                    operatorName, state, descriptor,
                    descriptor.IsOfOperator ? null : keySerializer);
            }
            else if (!allowNonRestoredState)
            {
                throw NotDeclared(operatorName, state.Name, state.Kind.ToString());
            }
        }
    }

    /// <summary>Refuses a stored state that the program does not declare, or, if that is allowed, warns.</summary>
    /// <exception cref="StateMigrationException">It is not allowed.</exception>
    internal static void LeaveBehind(SubtaskStateContext context, string state, string storedAs)
    {
        if (!context.AllowNonRestoredState)
        {
            throw NotDeclared(context.Operator, state, storedAs);
        }

        LogLeftBehind(context.Logger, state, context.Operator, context.SubtaskIndex);
    }

    private static StateMigrationException NotDeclared(string operatorName, string state, string storedAs) => new(
        operatorName, state, storedAs, "no such state",
        "Declare it again, or set AllowNonRestoredState to leave it behind.");

    private static SerializerCompatibility CheckState(
        string operatorName, StateDescription stored, StateDescriptor declared, StateSerializer? keySerializer)
    {
        var wanted = declared.Describe(keySerializer);
        if (stored.Kind != wanted.Kind)
        {
            throw Misfit(
                "kind " + stored.Kind, "kind " + wanted.Kind, "Declare the old kind, or give the state a new name.");
        }

        CheckBytes("key", stored.Key, wanted.Key, declared.IsOfOperator ? null : keySerializer);
        CheckBytes("namespace", stored.Namespace, wanted.Namespace, declared.Namespace);
        CheckBytes("map key", stored.UserKey, wanted.UserKey, declared.UserKey);
        if (stored.Value is null || wanted.Value is null)
        {
            return stored.Value == wanted.Value ? SerializerCompatibility.Same : throw Misfit(
                "values of " + Text(stored.Value), "values of " + Text(wanted.Value), RenameAdvice);
        }

        var compatibility = declared.Value.CheckStored(stored.Value);
        return compatibility != SerializerCompatibility.Incompatible ? compatibility : throw Misfit(
            "values of " + stored.Value, "values of " + wanted.Value + ", which does not read it", RenameAdvice);

        // Rows are found by these bytes, and the key's decide the key group: they cannot be rewritten.
        void CheckBytes(string what, SerializerIdentity? found, SerializerIdentity? asked, StateSerializer? serializer)
        {
            if (found != asked
                && (found is null || serializer?.CheckStored(found) is not SerializerCompatibility.Same))
            {
                throw Misfit(
                    $"state with a {what} of {Text(found)}", $"a {what} of {Text(asked)}",
                    $"The serializer of a {what} never changes: take the old one, or give the state a new name.");
            }
        }

        StateMigrationException Misfit(string storedAs, string wantedAs, string whatToDo) =>
            new(operatorName, stored.Name, storedAs, wantedAs, whatToDo);
    }

    private static string Text(SerializerIdentity? identity) => identity?.ToString() ?? "none";

    [LoggerMessage(
        CheckpointingEventIds.StateLeftBehind, LogLevel.Warning,
        "State '{State}' of operator '{Operator}', subtask {SubtaskIndex}, is stored but not declared; it is left "
        + "behind.")]
    private static partial void LogLeftBehind(ILogger logger, string state, string @operator, int subtaskIndex);
}
