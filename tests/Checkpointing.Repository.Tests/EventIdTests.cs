using System.Reflection;
using System.Text.RegularExpressions;
using Checkpointing.Diagnostics;

namespace Checkpointing.Repository.Tests;

/// <summary>Ids of log events: unique, in their subject's block, and used by name.</summary>
public sealed partial class EventIdTests
{
    // Which blocks of a thousand a folder's log may use: 1000 coordination, 2000 snapshots and restore, 3000 shared
    // state and discard, 4000 completed-checkpoint stores, 5000 RocksDB, 6000 ZooKeeper, 7000 host.
    private static readonly Dictionary<string, int[]> s_blocksOfFolder = new()
    {
        ["Checkpointing/Diagnostics"] = [1000, 2000, 3000, 4000],
        ["Checkpointing/SharedState"] = [3000],
        ["Checkpointing/Storage"] = [2000, 3000],
        ["Checkpointing/Metadata"] = [2000, 4000],
        ["Checkpointing/CompletedCheckpoints"] = [3000, 4000],
        ["Checkpointing/State"] = [2000],
        ["Checkpointing/Statistics"] = [1000],
        ["Checkpointing/Coordination"] = [1000, 2000, 3000, 4000],
        ["Checkpointing/Embedded"] = [1000, 2000],
        ["Checkpointing/Inspection"] = [3000, 4000],
        ["Checkpointing.RocksDb"] = [2000, 5000],
        ["Checkpointing.ZooKeeper"] = [4000, 6000],
        ["Checkpointing.Hosting"] = [7000],
        ["Checkpointing.Testing"] = [7000],
        ["Checkpointing.Tool"] = [7000],
    };

    private static readonly Dictionary<string, int> s_ids = typeof(CheckpointingEventIds)
        .GetFields(BindingFlags.Public | BindingFlags.Static)
        .ToDictionary(field => field.Name, field => (int)field.GetRawConstantValue()!);

    [Fact]
    public void Ids_All_AreUniqueAndInABlock()
    {
        s_ids.Values.Should().OnlyHaveUniqueItems();
        s_ids.Should().OnlyContain(id => id.Value >= 1000 && id.Value < 8000);
    }

    [Fact]
    public void Ids_InTheSource_AreAscending()
    {
        // Fields come in the order of the source: an id in another block's section would break it.
        var source = RepositoryFiles.Read("src/Checkpointing/Diagnostics/CheckpointingEventIds.cs");

        ConstantId().Matches(source).Select(m => int.Parse(m.Groups[1].Value)).Should().BeInAscendingOrder();
    }

    [Fact]
    public void LogMessages_All_UseAConstantOfTheirBlock() =>
        Findings.ShouldBeNone(
            from path in RepositoryFiles.Under(["src"], ".cs")
            let text = RepositoryFiles.Read(path)
            from match in LogMessage().Matches(text)
            let finding = Finding(path, match.Value)
            where finding is not null
            select $"{path}:{Findings.LineOf(text, match.Index)}: {finding}",
            "A log message's EventId is a constant of CheckpointingEventIds, of the block of its folder's subject.");

    [Theory]
    [InlineData("src/Checkpointing/State/A.cs", "[LoggerMessage(EventId = 2000, Level = LogLevel.Debug)]")]
    [InlineData("src/Checkpointing/State/A.cs", "[LoggerMessage(2000, LogLevel.Debug, \"\")]")]
    [InlineData("src/Checkpointing/State/A.cs", "[LoggerMessage(EventId = CheckpointingEventIds.CheckpointTriggered)]")]
    [InlineData("src/Checkpointing/Extras/A.cs", "[LoggerMessage(EventId = CheckpointingEventIds.StateRestored)]")]
    public void Finding_NumberOrForeignBlock_IsRefused(string path, string attribute) =>
        Finding(path, attribute).Should().NotBeNull();

    [Fact]
    public void Finding_ConstantOfItsBlock_None() =>
        Finding("src/Checkpointing/State/A.cs", "[LoggerMessage(EventId = CheckpointingEventIds.StateRestored)]")
            .Should().BeNull();

    private static string? Finding(string path, string attribute)
    {
        var name = EventName().Match(attribute).Groups[1].Value;
        if (!s_ids.TryGetValue(name, out var id))
        {
            return "no constant of CheckpointingEventIds";
        }

        var parts = path.Split('/');
        var folder = parts[1] == "Checkpointing" ? $"{parts[1]}/{parts[2]}" : parts[1];
        var block = id / 1000 * 1000;
        return s_blocksOfFolder.GetValueOrDefault(folder, []).Contains(block)
            ? null
            : $"'{folder}' uses {name} = {id}, of block {block}";
    }

    [GeneratedRegex(@"const int \w+ = (\d+)")]
    private static partial Regex ConstantId();

    [GeneratedRegex(@"\[LoggerMessage\([^\]]*\]")]
    private static partial Regex LogMessage();

    [GeneratedRegex(@"\bCheckpointingEventIds\.(\w+)")]
    private static partial Regex EventName();
}
