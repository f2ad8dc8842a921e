namespace Checkpointing.Torture;

/// <summary>Commands that show failures again.</summary>
internal static class Replays
{
    /// <summary>The program, up to its arguments.</summary>
    internal const string Command = "dotnet run -c Release --project tests/Checkpointing.Torture --";
}
