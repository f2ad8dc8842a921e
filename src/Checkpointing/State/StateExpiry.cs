using System.Buffers;
using System.Buffers.Binary;
using Checkpointing.StateHandles;

namespace Checkpointing.State;

/// <summary>Stamps what is written to a state with a time to live, and tells what has expired.</summary>
/// <remarks>A stamp is the time of the write in milliseconds since 1970-01-01 UTC, 8 bytes little-endian in front of a
/// value or of a list's element. It is the same for every duration, so the duration may change.</remarks>
internal sealed class StateExpiry(TimeSpan duration, TimeProvider time)
{
    internal const int StampSize = sizeof(long);

    private readonly long _duration = (long)duration.TotalMilliseconds;

    /// <summary>Milliseconds since 1970-01-01 UTC.</summary>
    internal long Now => NowOf(time);

    internal static long NowOf(TimeProvider time) => time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Whether states of a kind can have a time to live.</summary>
    internal static bool IsPossible(StateKind kind) =>
        kind is not (StateKind.Timer or StateKind.OperatorList or StateKind.Broadcast);

    internal static void WriteStamp(long stamp, IBufferWriter<byte> target)
    {
        BinaryPrimitives.WriteInt64LittleEndian(target.GetSpan(StampSize), stamp);
        target.Advance(StampSize);
    }

    internal static long ReadStamp(ReadOnlySpan<byte> stamped) => BinaryPrimitives.ReadInt64LittleEndian(stamped);

    // A stamp from the future, after the clock was set back, is young.
    internal bool IsExpired(long stamp, long now) => stamp <= now - _duration;

    /// <summary>Moves the live elements of a stored list to its front.</summary>
    /// <param name="list">The elements, each behind its length.</param>
    /// <param name="now">The time.</param>
    /// <param name="restamp">Whether live elements get a new stamp.</param>
    /// <param name="operatorName">For errors.</param>
    /// <param name="state">For errors.</param>
    /// <returns>How many bytes they take, and the oldest stamp among them that they had.</returns>
    /// <exception cref="CheckpointCorruptException">The bytes are no list of stamped elements.</exception>
    internal (int Length, long Oldest) KeepLive(
        Span<byte> list, long now, bool restamp, string operatorName, string state)
    {
        var (kept, oldest) = (0, long.MaxValue);
        for (var read = 0; read < list.Length;)
        {
            ReadOnlySpan<byte> rest = list[read..];
            var element = StoredValue.TakePart(ref rest, operatorName, state);
            var end = list.Length - rest.Length;
            var stamp = ReadStamp(StoredValue.CheckStamped(element, operatorName, state));
            if (!IsExpired(stamp, now))
            {
                oldest = Math.Min(oldest, stamp);
                if (restamp)
                {
                    BinaryPrimitives.WriteInt64LittleEndian(list[(end - element.Length)..], now);
                }

                list[read..end].CopyTo(list[kept..]);
                kept += end - read;
            }

            read = end;
        }

        return (kept, oldest);
    }
}
