using Akka;
using Akka.Actor;
using Akka.Configuration;
using Akka.Streams;
using Akka.Streams.Dsl;

namespace Checkpointing.LoadTests.SumJobs;

/// <summary>The same job with Akka.Streams: a source, one substream behind an asynchronous boundary and one dictionary
/// a worker.</summary>
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
            var sums = Flow.Create<KeyedNumber>()
                .Aggregate(
                    new Dictionary<long, long>(),
                    static (sums, record) =>
                    {
                        sums[record.Key] = sums.GetValueOrDefault(record.Key) + record.Value;
                        return sums;
                    })
                .Select(static sums => sums.Values.Sum())
                .Async();
            var grouped = Source.From(Records(keys, count))
                .GroupBy(SumJob.Subtasks, static record => record.Key % SumJob.Subtasks);
            var merged = (Source<long, NotUsed>)((SubFlow<long, NotUsed, IRunnableGraph<NotUsed>>)grouped.Via(sums))
                .MergeSubstreams();
            return await merged
                .RunWith(Sink.Aggregate<long, long>(0, static (left, right) => left + right), materializer)
                .ConfigureAwait(false);
        }
        finally
        {
            await system.Terminate().ConfigureAwait(false);
        }
    }

    private static IEnumerable<KeyedNumber> Records(int keys, long count)
    {
        for (var number = 0L; number < count; number++)
        {
            yield return KeyedNumber.Of(number, keys);
        }
    }
}
