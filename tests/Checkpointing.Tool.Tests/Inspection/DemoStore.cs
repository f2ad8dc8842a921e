using System.Text.Json;
using Checkpointing.Tool.Tests.Demo;

namespace Checkpointing.Tool.Tests.Inspection;

/// <summary>What the demo left behind, made once for a class of tests that only read it.</summary>
public sealed class DemoStore : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();

    public string Root => _folder["checkpoints"];

    public async ValueTask InitializeAsync() => await DemoRun.RunAsync(
        DemoRun.OptionsIn(_folder) with { Generations = 2, Parallelism = [2],
            Interval = TimeSpan.FromMilliseconds(50) });

    public ValueTask DisposeAsync()
    {
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>Runs a command with <c>--json</c> and reads its lines.</summary>
    public static async Task<IReadOnlyList<JsonElement>> JsonAsync(int exitCode, params IEnumerable<string> arguments)
    {
        var result = await ToolProcess.RunAsync([.. arguments, "--json"]);
        result.ExitCode.Should().Be(exitCode, "of {0}: {1}", string.Join(' ', arguments), result.Error);
        return
        [
            .. result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(static line =>
            {
                var json = JsonDocument.Parse(line).RootElement;
                json.GetProperty("schema").GetInt32().Should().Be(1);
                return json;
            }),
        ];
    }
}
