using Akka;
using Akka.Actor;
using Akka.Configuration;
using Akka.Streams;
using Akka.Streams.Dsl;

namespace Checkpointing.LoadTests.SumJobs;

/// <summary>The same job with Akka.Streams: a source that is spread, and a worker one flow behind an asynchronous
/// boundary with a dictionary of its own.</summary>
internal static class AkkaLoop
{
    /// <summary>Runs it.</summary>
    /// <returns>Sum of all sums.</returns>
    internal static async Task<long> RunAsync(int keys, long count)
    {
        var system = ActorSystem.Create(
            "sums",
            ConfigurationFactory.ParseString(
                "akka.loglevel = ERROR, akka.stream.materializer { initial-input-buffer-size = 256, "
                + "max-input-buffer-size = 4096 }"));
        try
        {
            using var materializer = system.Materializer();
            var merged = Source.FromGraph(GraphDsl.Create(builder =>
            {
                var spread = builder.Add(new Partition<KeyedNumber>(
                    SumJob.Subtasks, static record => (int)(record.Key % SumJob.Subtasks)));
                var joined = builder.Add(new Merge<long>(SumJob.Subtasks));
                builder.From(builder.Add(Source.From(Records(keys, count)))).To(spread.In);
                for (var subtask = 0; subtask < SumJob.Subtasks; subtask++)
                {
                    builder.From(spread.Out(subtask)).Via(builder.Add(Sums())).To(joined.In(subtask));
                }

                return new SourceShape<long>(joined.Out);
            }));
            return await merged
                .RunWith(Sink.Aggregate<long, long>(0, static (left, right) => left + right), materializer)
                .ConfigureAwait(false);
        }
        finally
        {
            await system.Terminate().ConfigureAwait(false);
        }
    }

    // One flow a worker: a dictionary that an Aggregate begins with is the same one for all that share the flow.
    private static Flow<KeyedNumber, long, NotUsed> Sums() => Flow.Create<KeyedNumber>()
        .Aggregate(
            new Dictionary<long, long>(),
            static (sums, record) =>
            {
                sums[record.Key] = sums.GetValueOrDefault(record.Key) + record.Value;
                return sums;
            })
        .Select(static sums => sums.Values.Sum())
        .Async();

    private static IEnumerable<KeyedNumber> Records(int keys, long count)
    {
        for (var number = 0L; number < count; number++)
        {
            yield return KeyedNumber.Of(number, keys);
        }
    }
}
