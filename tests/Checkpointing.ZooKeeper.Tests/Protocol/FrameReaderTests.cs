using System.Buffers.Binary;
using Checkpointing.ZooKeeper.Protocol;
using CsCheck;

namespace Checkpointing.ZooKeeper.Tests.Protocol;

public sealed class FrameReaderTests
{
    private const int MaxFrameBytes = 20_000;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Frames_ThatComeInPiecesOfAnySize_AreWhatWasSent() =>
        await Gen.Select(Gen.Byte.Array[0, 9_000].Array[0, 5], Gen.Int[1, 5_000].Array[1, 20]).SampleAsync(
            static async (frames, pieces) =>
            {
                using var stream = new PiecewiseStream([.. frames.SelectMany(Frame)], pieces);
                var reader = new FrameReader(stream, MaxFrameBytes);
                foreach (var frame in frames)
                {
                    (await reader.ReadAsync(CancellationToken.None))!.Value.ToArray().SequenceEqual(frame).Should()
                        .BeTrue();
                }

                (await reader.ReadAsync(CancellationToken.None)).Should().BeNull();
            }, iter: 100);

    [Fact]
    public async Task Frames_CutAnywhere_AreRefusedOrEnd()
    {
        byte[] bytes = [.. Frame([1, 2, 3]), .. Frame([]), .. Frame([4])];
        int[] borders = [0, 7, 11, 16];
        for (var length = 0; length <= bytes.Length; length++)
        {
            using var stream = new PiecewiseStream(bytes[..length], [3]);
            var reader = new FrameReader(stream, MaxFrameBytes);
            var read = async () =>
            {
                while (await reader.ReadAsync(Cancellation) is not null)
                {
                }
            };
            if (borders.Contains(length))
            {
                await read.Should().NotThrowAsync();
            }
            else
            {
                await read.Should().ThrowAsync<ZooKeeperProtocolException>().WithMessage("*ended in a frame*");
            }
        }
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(int.MinValue)]
    [InlineData(MaxFrameBytes + 1)]
    [InlineData(int.MaxValue)]
    [InlineData(0x48545450)] // "HTTP"
    public async Task Length_NegativeOrTooLarge_IsRefused(int length)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteInt32BigEndian(bytes, length);
        using var stream = new PiecewiseStream(bytes, [8]);
        var read = async () => await new FrameReader(stream, MaxFrameBytes).ReadAsync(Cancellation);
        await read.Should().ThrowAsync<ZooKeeperProtocolException>().WithMessage($"*{length} bytes*{MaxFrameBytes}*");
    }

    private static byte[] Frame(byte[] body)
    {
        var frame = new byte[sizeof(int) + body.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame, body.Length);
        body.CopyTo(frame, sizeof(int));
        return frame;
    }

    /// <summary>Gives pieces of the lengths that it is told, round and round.</summary>
    private sealed class PiecewiseStream(byte[] bytes, int[] pieces) : MemoryStream(bytes)
    {
        private int _next;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(buffer.Length, pieces[_next++ % pieces.Length])], cancellationToken);
    }
}
