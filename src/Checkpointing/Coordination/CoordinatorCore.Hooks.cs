using Checkpointing.Metadata;
using Checkpointing.StateHandles;

namespace Checkpointing.Coordination;

/// <content>Between the beginning of a checkpoint and its triggers: the hooks' turn.</content>
internal sealed partial class CoordinatorCore
{
    /// <summary>Whether hooks have to be asked before the triggers go out.</summary>
    public bool HasHooks { get; init; }

    private void OnHooksAnswered(CoordinatorEvent.HooksAnswered answered)
    {
        if (_pending.TryGetValue(answered.Id, out var pending)
            && pending.State == PendingCheckpoint.Phase.CallingHooks)
        {
            pending.HookStates = answered.States.ToValueList();
            SendTriggers(pending);
        }
    }

    /// <summary>Who takes part is settled now: a subtask may have finished since the checkpoint began.</summary>
    private void SendTriggers(PendingCheckpoint pending)
    {
        var plan = TriggerPlan.Make(topology, Subtasks, _finished, out var problem);
        if (plan is null)
        {
            Abort(pending, CheckpointFailureReason.TasksNotRunning, problem!, null);
            return;
        }

        pending.State = PendingCheckpoint.Phase.Collecting;
        pending.Missing.UnionWith(plan.Awaited);
        pending.Participants = plan.Awaited;
        pending.Finished.UnionWith(_finished);
        _effects.Add(new CoordinatorEffect.SendTriggers(
            pending.Id,
            [.. plan.Triggered.Select(s => new TriggerCheckpoint(s, pending.Request, pending.TriggeredAt))]));
        Log(log => log.CheckpointTriggered(
            topology.Job, pending.Id.Value, pending.Kind, pending.Request.Base?.Value ?? 0));
    }
}
