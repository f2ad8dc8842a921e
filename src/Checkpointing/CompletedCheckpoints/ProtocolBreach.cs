namespace Checkpointing.CompletedCheckpoints;

/// <summary>Rules of the protocol, broken on purpose by tests that show why the rule is there. Never set
/// otherwise.</summary>
[Flags]
internal enum ProtocolBreach
{
    None = 0,

    /// <summary>Restored checkpoints are listed without registering their shared state (FLINK-6964).</summary>
    ListWithoutRegistering = 1,
}
