using System.Buffers.Binary;
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
    private const string InputPath = "fuzz/_metadata";

    /// <summary>Most bytes that reading may allocate.</summary>
    internal static long MaxAllocatedBytes(int inputBytes) => (64L * inputBytes) + (1 << 20);

    /// <summary>Reads an input and checks what must hold.</summary>
    internal static FuzzVerdict Check(byte[] input) => Check(input, CheckpointMetadataSerializer.Read);

    /// <summary>As <see cref="Check(byte[])"/>, with another reader: tests give it broken ones.</summary>
    internal static FuzzVerdict Check(byte[] input, MetadataReader reader)
    {
        CheckpointMetadata? metadata = null;
        var format = MetadataFormat.NativeV1;
        var verdict = FuzzReading.Measure(
            () => metadata = reader(input, InputPath, out format), exception => RefusalOf(exception, input.Length));
        if (verdict.Problem is not null)
        {
            return verdict;
        }

        string? refusal = null;
        verdict = verdict with { Format = metadata is null ? null : format };
        var problem = FuzzReading.ExcessOf(verdict, input.Length, MaxAllocatedBytes(input.Length))
            ?? (metadata is null ? null : CheckContent(input, metadata, format, out refusal));
        return problem is null
            ? verdict with { NativeRefusal = refusal }
            : verdict with { Outcome = FuzzOutcome.Failed, Problem = problem };
    }

    private static (FuzzOutcome Outcome, string? Problem)? RefusalOf(Exception exception, int inputBytes) =>
        exception switch
        {
            CheckpointCorruptException corrupt when corrupt.Offset < 0 || corrupt.Offset > inputBytes => (
                FuzzOutcome.Corrupt,
                $"the offset {corrupt.Offset} is outside the {inputBytes} bytes: {corrupt.Message}"),
            CheckpointCorruptException corrupt => (
                FuzzOutcome.Corrupt, corrupt.Path != InputPath ? $"the path is '{corrupt.Path}'" : null),
            UnsupportedFormatException => (FuzzOutcome.Unsupported, null),
            _ => null,
        };

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
