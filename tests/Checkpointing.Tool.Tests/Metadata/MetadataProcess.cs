using System.Text.Json;

namespace Checkpointing.Tool.Tests.Metadata;

/// <summary>Runs of <c>metadata</c> as a process, with its JSON lines parsed.</summary>
internal static class MetadataProcess
{
    /// <summary>Runs with <c>--json</c> and fails unless there is nothing but JSON lines.</summary>
    public static async Task<JsonElement[]> RunJsonAsync(int exitCode, params IEnumerable<string> arguments)
    {
        var result = await ToolProcess.RunAsync(["metadata", .. arguments, "--json"]);
        result.ExitCode.Should().Be(exitCode, "standard error was: {0}", result.Error);
        result.Error.Should().BeEmpty();
        result.Output.Should().EndWith("\n");
        return [.. result.Output.TrimEnd('\n').Split('\n').Select(static line =>
            JsonDocument.Parse(line).RootElement.Clone())];
    }

    /// <summary>Runs for people and fails unless all goes well.</summary>
    public static async Task<string> RunTextAsync(params IEnumerable<string> arguments)
    {
        var result = await ToolProcess.RunAsync(["metadata", .. arguments]);
        result.ExitCode.Should().Be(ExitCodes.Success, "standard error was: {0}", result.Error);
        result.Error.Should().BeEmpty();
        return result.Output;
    }

    public static string? Error(this JsonElement line) => line.GetProperty("error").GetString();

    public static string File(this JsonElement line) => line.GetProperty("file").GetString()!;

    /// <summary>All flat files of all keyed and operator handles.</summary>
    public static IEnumerable<JsonElement> Files(this JsonElement line) =>
        line.GetProperty("operators").EnumerateArray()
            .SelectMany(static one => one.GetProperty("subtasks").EnumerateArray())
            .SelectMany(static subtask => subtask.GetProperty("keyed").EnumerateArray()
                .Concat(subtask.GetProperty("operator").EnumerateArray()))
            .Where(static handle => handle.ValueKind == JsonValueKind.Object)
            .SelectMany(static handle => handle.GetProperty("files").EnumerateArray());

    /// <summary>Paths of all of them.</summary>
    public static IEnumerable<string> Paths(this JsonElement line) =>
        line.Files().Select(static file => file.GetProperty("path").GetString()).OfType<string>();
}
