using Checkpointing.Diagnostics;

namespace Checkpointing.Torture.Kills;

/// <summary>Says on the standard output what the library reports: whatever is said there was promised.</summary>
/// <param name="say">Writes a line, and flushes it.</param>
internal sealed class KillLog(Action<string> say) : TortureLog
{
    protected override void Take(int eventId, Func<string, object?> valueOf, Func<string> text)
    {
        if (eventId == CheckpointingEventIds.CheckpointCompleted)
        {
            say($"{KillsLifeCommand.CompletedPrefix}{valueOf("CheckpointId")}");
        }
        else if (eventId == CheckpointingEventIds.JobRestarting)
        {
            say(KillsLifeCommand.RestartingPrefix + text().ReplaceLineEndings(" "));
        }
    }
}
