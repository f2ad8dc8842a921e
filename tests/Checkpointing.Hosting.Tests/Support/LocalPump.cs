using Checkpointing.Hosting.Execution;
using Checkpointing.Hosting.Runtime;
using Checkpointing.KeyGroups;

namespace Checkpointing.Hosting.Tests.Support;

/// <summary>Drives all subtasks of a job on one thread; one seed, one order of events.</summary>
internal sealed class LocalPump : IAsyncDisposable
{
    private readonly Random _random;
    private readonly List<SubtaskRuntime> _runtimes = [];
    private readonly List<Queue<StreamElement>[]> _inputs = [];

    private LocalPump(int seed) => _random = new(seed);

    public JobCounters Counters { get; } = new();

    public static async Task<LocalPump> OpenAsync(StreamJob job, int parallelism, int seed, int batchSize)
    {
        var pump = new LocalPump(seed);
        var plan = new JobPlan(job, job.Name, parallelism, new Dictionary<string, int>());
        foreach (var subtask in plan.Subtasks)
        {
            var context = SubtaskContexts.Of(subtask.Vertex.Name, subtask.Index);
            var runtime = plan.CreateSubtask(subtask, context.Address, batchSize);
            await runtime.Logic.OpenAsync(
                context with
                {
                    Parallelism = subtask.Parallelism,
                    KeyGroups = plan.KeyGroupsOf(subtask),
                    Counters = pump.Counters,
                    State = context.State with { MaxParallelism = job.MaxParallelism },
                },
                CancellationToken.None);
            pump._runtimes.Add(runtime);
            pump._inputs.Add([.. Enumerable.Range(0, subtask.InputCount).Select(_ => new Queue<StreamElement>())]);
        }

        return pump;
    }

    /// <summary>Runs until all subtasks have handled the end of the input.</summary>
    public void RunToEnd()
    {
        while (_runtimes.Exists(static runtime => !runtime.HasEnded))
        {
            var at = _random.Next(_runtimes.Count);
            var runtime = _runtimes[at];
            if (runtime.HasMore)
            {
                runtime.Continue();
            }
            else if (runtime is SourceRuntime source)
            {
                if (source.Step() == SourceStep.Waiting)
                {
                    source.EndInput();
                }
            }
            else
            {
                var input = _random.Next(runtime.InputCount);
                if (_inputs[at][input].TryDequeue(out var element))
                {
                    runtime.Handle(input, element);
                }
                else
                {
                    runtime.FlushOutputs();
                }
            }

            foreach (var (route, element) in runtime.Outbox.Elements)
            {
                _inputs[route.Subtask][route.Input].Enqueue(element);
            }

            runtime.Outbox.Elements.Clear();
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var runtime in _runtimes)
        {
            await runtime.Logic.DisposeAsync();
        }
    }
}
