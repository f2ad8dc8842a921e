using Checkpointing.CompletedCheckpoints;
using Checkpointing.Metadata;

namespace Checkpointing.Coordination;

/// <content>Calls the hooks, each with a deadline.</content>
public sealed partial class CheckpointCoordinator
{
    private readonly IReadOnlyList<ICheckpointHook> _hooks;

    private async Task CallHooksAsync(CoordinatorEffect.CallHooks call)
    {
        var states = new List<MasterState>();
        using var deadline = new CancellationTokenSource(_options.HookTimeout, _time);
        try
        {
            foreach (var hook in _hooks)
            {
                HookState? state = null;
                await CallHookAsync(
                    hook,
                    $"failed at checkpoint {call.Id}",
                    async token => state = await hook.TriggerAsync(call.Id, call.TriggeredAt, token)
                        .ConfigureAwait(false),
                    deadline.Token,
                    CancellationToken.None).ConfigureAwait(false);
                if (state is not null)
                {
                    states.Add(new(hook.Name, state.Version, state.Data));
                }
            }

            Dispatch(new CoordinatorEvent.HooksAnswered(call.Id, states));
        }
        catch (CheckpointingException e)
        {
            Dispatch(new CoordinatorEvent.HookFailed(call.Id, e));
        }
    }

    private async Task ResetHooksAsync(CancellationToken cancellationToken)
    {
        foreach (var hook in _hooks)
        {
            using var deadline = new CancellationTokenSource(_options.HookTimeout, _time);
            await CallHookAsync(
                hook, "could not be reset", hook.ResetAsync, deadline.Token, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task RestoreHooksAsync(CompletedCheckpoint checkpoint, CancellationToken cancellationToken)
    {
        var states = checkpoint.Metadata.MasterStates.ToLookup(static state => state.Name);
        foreach (var hook in _hooks)
        {
            var state = states[hook.Name].Select(static s => new HookState(s.Version, s.Data)).FirstOrDefault();
            using var deadline = new CancellationTokenSource(_options.HookTimeout, _time);
            await CallHookAsync(
                hook,
                $"could not restore checkpoint {checkpoint.Id}",
                token => hook.RestoreAsync(checkpoint.Id, state, token),
                deadline.Token,
                cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>State of a hook that the program does not have is refused, or left behind with a warning.</summary>
    private void CheckHookStates(CompletedCheckpoint checkpoint, bool allowNonRestoredState)
    {
        LogLeftBehind(checkpoint);
        foreach (var state in checkpoint.Metadata.MasterStates.Where(s => !_hooks.Any(hook => hook.Name == s.Name)))
        {
            if (!allowNonRestoredState)
            {
                throw new StateMigrationException(
                    "(coordinator)", state.Name, $"state of a hook, version {state.Version}", "no hook of this name",
                    "Add the hook (WithHook), or allow non-restored state to leave its state behind.");
            }

            _logger.HookStateLeftBehind(_topology.Job, checkpoint.Id.Value, state.Name);
        }
    }

    private void LogLeftBehind(CompletedCheckpoint checkpoint)
    {
        foreach (var one in StateAssignment.LeftBehind(checkpoint, _topology))
        {
            _logger.OperatorLeftBehind(_topology.Job, checkpoint.Id.Value, one.Name ?? one.Id.ToString());
        }
    }

    private static async Task CallHookAsync(
        ICheckpointHook hook, string problem, Func<CancellationToken, ValueTask> call, CancellationToken deadline,
        CancellationToken caller)
    {
        using var both = CancellationTokenSource.CreateLinkedTokenSource(deadline, caller);
#pragma warning disable CA1031 // The edge to a user's code: whatever it throws fails this call, with its name.
        try
        {
            await call(both.Token).AsTask().WaitAsync(both.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (caller.IsCancellationRequested)
        {
            throw;
        }
        catch (Exception e) when (deadline.IsCancellationRequested)
        {
            throw new CheckpointHookException(
                hook.Name, problem + ": it did not answer in time", e as TimeoutException ?? new TimeoutException(
                    "CheckpointCoordinatorOptions.HookTimeout has passed.", e));
        }
        catch (Exception e)
        {
            throw new CheckpointHookException(hook.Name, $"{problem}: {e.Message.TrimEnd('.')}", e);
        }
#pragma warning restore CA1031
    }
}
