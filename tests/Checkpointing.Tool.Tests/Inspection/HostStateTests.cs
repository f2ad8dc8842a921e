using System.Text.Json;
using Checkpointing.Hosting;
using Checkpointing.Hosting.Operators;
using Checkpointing.Hosting.Sinks;
using Checkpointing.Hosting.Sources;
using Checkpointing.State;
using Checkpointing.Storage.Local;

namespace Checkpointing.Tool.Tests.Inspection;

/// <summary>What the host's operators keep beside keyed values, as <c>state</c> and <c>dump</c> show it: broadcast
/// state, and timers of both clocks.</summary>
public sealed class HostStateTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task StateDump_BroadcastStateAndTimersOfBothClocks_AreShown()
    {
        var path = await StoreAsync();

        var states = await DemoStore.JsonAsync(ExitCodes.Success, "state", path);
        var limits = await DumpAsync(path, "limits");
        var timers = await DumpAsync(path, "_timers");

        var broadcast = StateOf(states, "limits");
        broadcast.GetProperty("kind").GetString().Should().Be("broadcast");
        broadcast.GetProperty("entries").GetInt64().Should().Be(2, "each subtask has a copy");
        limits.Select(static row => row.GetProperty("value").GetRawText()).Should().OnlyContain(
            static value => value == """{"key":"limit","value":7}""").And.HaveCount(2);
        limits.Select(static row => row.GetProperty("subtask").GetInt32()).Should().Equal(0, 1);
        StateOf(states, "_timers").GetProperty("entries").GetInt64().Should().Be(6);
        timers.Select(static row => $"{row.GetProperty("key")} {row.GetProperty("value").GetRawText()}").Should()
            .BeEquivalentTo(Enumerable.Range(1, 3).SelectMany(static key => new[]
            {
                $"{key} \"1970-01-01T00:00:05.000Z\"",
                $"{key} {{\"processingTime\":\"2100-01-01T00:00:00.000Z\"}}",
            }));
    }

    private static JsonElement StateOf(IReadOnlyList<JsonElement> states, string name) => states.Single(state =>
        state.GetProperty("operator").GetString() == "apply" && state.GetProperty("name").GetString() == name);

    private static Task<IReadOnlyList<JsonElement>> DumpAsync(string path, string state) =>
        DemoStore.JsonAsync(ExitCodes.Success, "dump", path, "--operator", "apply", "--state", state);

    private async Task<string> StoreAsync()
    {
        var deadline = TestContext.Current.CancellationToken;
        using var storage = new LocalCheckpointStorage(_folder["checkpoints"]);
        await using var host = new InProcessHostBuilder(storage).Build();
        var job = new StreamJobBuilder("kinds", 16);
        var limits = job.AddSource("limits", new InMemorySource<int>([7])).Broadcast();

        // It pauses and does not end: at the end of the input timers of event time fire.
        job.AddSource("numbers", new InMemorySource<int>([1, 2, 3, 4]).PausingAfter(3))
            .KeyBy(static number => number).Connect(limits)
            .Process("apply", static () => new LimitOperator())
            .AddSink("out", new InMemorySink<string>());
        await using var run = await host.StartAsync(
            job.Build(), new() { OperatorParallelism = { ["apply"] = 2 } }, deadline);
        await run.WaitForSourceIdleAsync(deadline);
        return _folder[$"checkpoints/{(await run.TriggerSavepointAsync("savepoints", deadline)).Path}"];
    }

    private sealed class LimitOperator : KeyedBroadcastOperator<int, int, int, string>
    {
        private static readonly BroadcastStateDescriptor<string, int> s_limits = new("limits");

        public override IReadOnlyList<StateDescriptor> States => [s_limits];

        public override void Process(int value, KeyedElementContext<int> context, Emitter<string> output)
        {
            context.Timers.RegisterEventTime(new(5_000));
            context.Timers.RegisterProcessingTime(Timestamp.FromDateTime(new(2100, 1, 1, 0, 0, 0, DateTimeKind.Utc)));
        }

        public override void ProcessBroadcast(int value, BroadcastElementContext context, Emitter<string> output) =>
            context.GetState(s_limits).Set("limit", value);
    }
}
