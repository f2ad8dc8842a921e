using System.Globalization;
using Checkpointing.StateHandles;

namespace Checkpointing.State;

/// <summary>Stored bytes to values, with errors that name operator and state and never hold values.</summary>
internal static class StoredValue
{
    /// <summary>Reads a value that <paramref name="stored"/> wrote.</summary>
    /// <exception cref="CheckpointCorruptException">The serializer refused the bytes.</exception>
    internal static T Read<T>(
        StateSerializer<T> serializer, ReadOnlySpan<byte> bytes, SerializerIdentity stored, string operatorName,
        string state)
    {
        try
        {
            return ReferenceEquals(stored, serializer.Identity) || stored == serializer.Identity
                ? serializer.Read(bytes)
                : serializer.ReadStored(bytes, stored);
        }
        catch (Exception e) when (
            e is FormatException or ArgumentException or IndexOutOfRangeException or OverflowException)
        {
            throw new CheckpointCorruptException(
                Path(operatorName, state), 0, $"a value of {stored}",
                string.Create(CultureInfo.InvariantCulture, $"{bytes.Length} bytes that it does not read"), null, e);
        }
    }

    /// <summary>Takes one part off the front.</summary>
    /// <exception cref="CheckpointCorruptException">The bytes end before the part does.</exception>
    internal static ReadOnlySpan<byte> TakePart(ref ReadOnlySpan<byte> rest, string operatorName, string state)
    {
        try
        {
            return KeyedRowKey.ReadPart(rest, out rest);
        }
        catch (FormatException e)
        {
            throw new CheckpointCorruptException(
                Path(operatorName, state), 0, "a part behind its length", "bytes that end before it does", null, e);
        }
    }

    /// <summary>Lets bytes pass that have a stamp in front.</summary>
    /// <exception cref="CheckpointCorruptException">They are too short for one.</exception>
    internal static ReadOnlySpan<byte> CheckStamped(ReadOnlySpan<byte> bytes, string operatorName, string state) =>
        bytes.Length >= StateExpiry.StampSize
            ? bytes
            : throw new CheckpointCorruptException(
                Path(operatorName, state), 0, "a value behind its stamp of 8 bytes",
                string.Create(CultureInfo.InvariantCulture, $"{bytes.Length} bytes"));

    private static string Path(string operatorName, string state) => $"operator {operatorName}/state {state}";
}
