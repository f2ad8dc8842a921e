using Checkpointing.Hosting.Operators;
using Checkpointing.State;

namespace Checkpointing.Testing.Operators;

/// <summary>Stands between the runtime and the user's operator, and says which call is going on.</summary>
internal sealed class ObservedOperator<TKey, TIn, TOut>(
    KeyedOperator<TKey, TIn, TOut> user, OperatorCall<TKey> call) : KeyedOperator<TKey, TIn, TOut>, IDisposable
    where TKey : notnull
{
    public override IReadOnlyList<StateDescriptor> States => user.States;

    public override bool UsesTimers => user.UsesTimers;

    public override void Open(KeyedOperatorContext<TKey> context) =>
        call.Run(nameof(Open), () => user.Open(context));

    public override void Process(TIn value, KeyedElementContext<TKey> context, Emitter<TOut> output) =>
        call.Run(nameof(Process), context.Key, () => user.Process(value, context, output));

    public override void OnTimer(StateTimer timer, KeyedElementContext<TKey> context, Emitter<TOut> output) =>
        call.Run(nameof(OnTimer), context.Key, () => user.OnTimer(timer, context, output));

    public override void SnapshotState() => call.Run(nameof(SnapshotState), user.SnapshotState);

    public void Dispose() => (user as IDisposable)?.Dispose();
}
