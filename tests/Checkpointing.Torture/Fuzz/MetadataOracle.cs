using System.Buffers.Binary;
using System.Diagnostics;
using Checkpointing.Metadata;

namespace Checkpointing.Torture.Fuzz;

/// <summary>What reading an input did.</summary>
internal enum FuzzOutcome
{
    /// <summary>It was read, and all that must follow from that holds.</summary>
    Accepted,

    /// <summary><see cref="CheckpointCorruptException"/> with an offset inside the input.</summary>
    Corrupt,

    /// <summary><see cref="UnsupportedFormatException"/>.</summary>
    Unsupported,

    /// <summary>Something that must never happen.</summary>
    Failed,
}

/// <summary>What the reader did with one input.</summary>
/// <param name="Outcome">How it ended.</param>
/// <param name="Problem">What should not have happened; null unless failed.</param>
/// <param name="Format">The format, if the input was accepted.</param>
/// <param name="Elapsed">Time of reading alone.</param>
/// <param name="AllocatedBytes">Bytes that reading alone allocated.</param>
internal sealed record FuzzVerdict(
    FuzzOutcome Outcome, string? Problem, MetadataFormat? Format, TimeSpan Elapsed, long AllocatedBytes)
{
    /// <summary>What our own format refused to hold of content that was read from Flink's; null if nothing.</summary>
    internal string? NativeRefusal { get; init; }
}

/// <summary>Reads a metadata file, as <see cref="CheckpointMetadataSerializer"/> does.</summary>
internal delegate CheckpointMetadata MetadataReader(ReadOnlySpan<byte> source, string path, out MetadataFormat format);

/// <summary>Judges what the metadata readers do with any bytes.</summary>
/// <remarks>
/// Bytes are either refused with one of two exceptions and an offset inside them, or read. What is read from a format
/// of Flink's is written again to the same bytes; what is read from ours is written again to bytes that read the same,
/// since records there have no fixed order. Both go through our own format without loss, or that refuses them by
/// name. Reading ends in time and allocates in proportion.
/// </remarks>
internal static class MetadataOracle
{
    /// <summary>Longest time that reading may take.</summary>
    internal static readonly TimeSpan MaxTime = TimeSpan.FromSeconds(1);

    private const string InputPath = "fuzz/_metadata";

    /// <summary>Most bytes that reading may allocate.</summary>
    internal static long MaxAllocatedBytes(int inputBytes) => (64L * inputBytes) + (1 << 20);

    /// <summary>Reads an input and checks what must hold.</summary>
    internal static FuzzVerdict Check(byte[] input) => Check(input, CheckpointMetadataSerializer.Read);

    /// <summary>As <see cref="Check(byte[])"/>, with another reader: tests give it broken ones.</summary>
    internal static FuzzVerdict Check(byte[] input, MetadataReader reader)
    {
        var verdict = Read(input, reader, out var metadata);
        if (verdict.Elapsed > MaxTime)
        {
            // Once more, as a collection or another process may have taken the time.
            GC.Collect();
            verdict = Read(input, reader, out metadata);
        }

        if (verdict.Problem is not null)
        {
            return verdict;
        }

        string? refusal = null;
        var problem = verdict.Elapsed > MaxTime ? $"reading took {verdict.Elapsed.TotalSeconds:F1} s"
            : verdict.AllocatedBytes > MaxAllocatedBytes(input.Length)
                ? $"reading {input.Length} bytes allocated {verdict.AllocatedBytes}"
            : metadata is null ? null
            : CheckContent(input, metadata, verdict.Format!.Value, out refusal);
        return problem is null
            ? verdict with { NativeRefusal = refusal }
            : verdict with { Outcome = FuzzOutcome.Failed, Problem = problem };
    }

    private static FuzzVerdict Read(byte[] input, MetadataReader reader, out CheckpointMetadata? metadata)
    {
        metadata = null;
        MetadataFormat? format = null;
        FuzzOutcome outcome;
        string? problem = null;
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        var started = Stopwatch.GetTimestamp();
        try
        {
            metadata = reader(input, InputPath, out var found);
            format = found;
            outcome = FuzzOutcome.Accepted;
        }
        catch (CheckpointCorruptException exception)
        {
            outcome = FuzzOutcome.Corrupt;
            problem = exception.Offset < 0 || exception.Offset > input.Length
                ? $"the offset {exception.Offset} is outside the {input.Length} bytes: {exception.Message}"
                : exception.Path != InputPath ? $"the path is '{exception.Path}'" : null;
        }
        catch (UnsupportedFormatException)
        {
            outcome = FuzzOutcome.Unsupported;
        }
#pragma warning disable CA1031 // Any other exception is what the fuzzer is looking for.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            outcome = FuzzOutcome.Failed;
            problem = $"reading threw {exception}";
        }

        var elapsed = Stopwatch.GetElapsedTime(started);
        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        return new(problem is null ? outcome : FuzzOutcome.Failed, problem, format, elapsed, allocated);
    }

    private static string? CheckContent(
        byte[] input, CheckpointMetadata metadata, MetadataFormat format, out string? refusal)
    {
        refusal = null;
        try
        {
            // Version 7 is read only: no Flink that writes it is released.
            if (format is not (MetadataFormat.NativeV1 or MetadataFormat.FlinkV7))
            {
                var again = CheckpointMetadataSerializer.Write(metadata, format);
                if (!IsSameButEmptyRanges(input, again))
                {
                    return $"{format} was read, and written again to other bytes"
                        + $" (first at {input.AsSpan().CommonPrefixLength(again)})";
                }
            }

            byte[] native;
            try
            {
                native = CheckpointMetadataSerializer.Write(metadata, MetadataFormat.NativeV1);
            }
            catch (UnsupportedFormatException exception) when (format != MetadataFormat.NativeV1)
            {
                refusal = exception.Message;
                return null;
            }

            return CheckNative(metadata, native, format);
        }
#pragma warning disable CA1031 // Any exception is what the fuzzer is looking for: this content was read from a file.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            return $"{format} was read, and writing it again or in our format threw {exception}";
        }
    }

    private static string? CheckNative(CheckpointMetadata metadata, byte[] native, MetadataFormat from)
    {
        var read = CheckpointMetadataSerializer.Read(native, "native", out var format);
        return format != MetadataFormat.NativeV1 ? $"content of {from}, written in our format, reads as {format}"
            : !IsSame(read, metadata) ? $"content of {from}, written in our format, reads as other content"
            : !CheckpointMetadataSerializer.Write(read, format).AsSpan().SequenceEqual(native)
                ? $"content of {from}, written in our format and read, is not written again to the same bytes"
            : null;
    }

    // Odd spellings of texts are part of what was read from a file of Flink's, but of no other format.
    private static bool IsSame(CheckpointMetadata left, CheckpointMetadata right) =>
        left == right || left.ToString() == right.ToString();

    // Flink writes a range without key groups with start 0, whatever start it read; so do we.
    private static bool IsSameButEmptyRanges(ReadOnlySpan<byte> input, ReadOnlySpan<byte> again)
    {
        if (input.Length != again.Length)
        {
            return false;
        }

        for (var at = input.CommonPrefixLength(again); at < input.Length;)
        {
            var start = FindEmptyRange(input, again, at);
            if (start < 0)
            {
                return false;
            }

            at = start + sizeof(int);
            at += input[at..].CommonPrefixLength(again[at..]);
        }

        return true;
    }

    private static int FindEmptyRange(ReadOnlySpan<byte> input, ReadOnlySpan<byte> again, int at)
    {
        for (var start = Math.Max(0, at - sizeof(int) + 1); start <= at; start++)
        {
            if (start + (2 * sizeof(int)) <= input.Length
                && BinaryPrimitives.ReadInt32BigEndian(again[start..]) == 0
                && BinaryPrimitives.ReadInt32BigEndian(again[(start + sizeof(int))..]) == 0
                && BinaryPrimitives.ReadInt32BigEndian(input[(start + sizeof(int))..]) == 0)
            {
                return start;
            }
        }

        return -1;
    }
}
