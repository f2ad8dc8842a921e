using System.Threading.Channels;

namespace Checkpointing.LoadTests.SumJobs;

/// <summary>The same job by hand: a task that makes records, one bounded channel and one dictionary a worker.</summary>
internal static class ChannelLoop
{
    // As much as the host lets wait between two subtasks.
    private const int Capacity = 16 * 256;

    /// <summary>Runs it.</summary>
    /// <returns>Sum of all sums.</returns>
    internal static async Task<long> RunAsync(int keys, long count)
    {
        Channel<KeyedNumber>[] channels =
        [
            .. Enumerable.Range(0, SumJob.Subtasks).Select(static _ => Channel.CreateBounded<KeyedNumber>(
                new BoundedChannelOptions(Capacity) { SingleReader = true, SingleWriter = true })),
        ];
        Task<long>[] workers = [.. channels.Select(channel => Task.Run(() => SumAsync(channel.Reader)))];
        await Task.Run(() => WriteAsync(channels, keys, count)).ConfigureAwait(false);
        var sums = await Task.WhenAll(workers).ConfigureAwait(false);
        return sums.Sum();
    }

    private static async Task WriteAsync(Channel<KeyedNumber>[] channels, int keys, long count)
    {
        for (var number = 0L; number < count; number++)
        {
            var record = KeyedNumber.Of(number, keys);
            var writer = channels[record.Key % channels.Length].Writer;
            if (!writer.TryWrite(record))
            {
                await writer.WriteAsync(record).ConfigureAwait(false);
            }
        }

        foreach (var channel in channels)
        {
            channel.Writer.Complete();
        }
    }

    private static async Task<long> SumAsync(ChannelReader<KeyedNumber> reader)
    {
        var sums = new Dictionary<long, long>();
        while (await reader.WaitToReadAsync().ConfigureAwait(false))
        {
            while (reader.TryRead(out var record))
            {
                sums[record.Key] = sums.GetValueOrDefault(record.Key) + record.Value;
            }
        }

        return sums.Values.Sum();
    }
}
