namespace Checkpointing.Torture.SingleFaults;

/// <summary>What happened in cases.</summary>
internal sealed class FaultCounts
{
    internal int Cases { get; set; }

    /// <summary>Faults.</summary>
    internal long Injected { get; set; }

    /// <summary>Calls that ended with a typed exception.</summary>
    internal long Failed { get; set; }

    /// <summary>Processes that completed a checkpoint afterwards.</summary>
    internal int WentOn { get; set; }

    /// <summary>Processes that said that they are done for.</summary>
    internal int Replaced { get; set; }
}
