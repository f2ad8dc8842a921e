using System.Buffers.Binary;
using Checkpointing.ZooKeeper;
using Checkpointing.ZooKeeper.Protocol;

namespace Checkpointing.Torture.Fuzz;

/// <summary>Judges what the client's decoder does with any bytes of a server: frames and answers are read, or refused
/// with one exception. An input is a byte that says what the answers are to, and a stream of frames.</summary>
internal static class ZooKeeperOracle
{
    private const int MaxFrameBytes = 1 << 20;
    private const int Kinds = 7;

    private delegate void Decoder(ref JuteReader body);

    internal static long MaxAllocatedBytes(int inputBytes) => (64L * inputBytes) + (2 << 20);

    internal static FuzzVerdict Check(byte[] input)
    {
        var verdict = FuzzReading.Measure(
            () => ReadAll(input),
            static exception => exception is ZooKeeperProtocolException ? (FuzzOutcome.Corrupt, null) : null);
        return verdict.Problem is null
            && FuzzReading.ExcessOf(verdict, input.Length, MaxAllocatedBytes(input.Length)) is { } problem
                ? verdict with { Outcome = FuzzOutcome.Failed, Problem = problem } : verdict;
    }

    /// <summary>Streams of answers that are right.</summary>
    internal static IEnumerable<FuzzSeed> Made()
    {
        for (byte kind = 0; kind < Kinds; kind++)
        {
            var bytes = new List<byte> { kind };
            for (var frame = 0; frame < 2; frame++)
            {
                var body = MakeBody(kind);
                var length = new byte[sizeof(int)];
                BinaryPrimitives.WriteInt32BigEndian(length, body.Length);
                bytes.AddRange(length);
                bytes.AddRange(body);
            }

            yield return new($"made/zookeeper-{kind}", [.. bytes]);
        }
    }

    /// <summary>Numbers of four bytes become enormous, negative, or off by a little.</summary>
    internal static byte[] LieAboutLengths(FuzzRandom random, FuzzCorpus corpus)
    {
        byte[] bytes = [.. random.Pick<FuzzSeed>(corpus.Seeds).Bytes];
        for (var lies = random.Between(1, 3); lies > 0; lies--)
        {
            var at = bytes.AsSpan(random.Below(bytes.Length - sizeof(int)), sizeof(int));
            var now = BinaryPrimitives.ReadInt32BigEndian(at);
            BinaryPrimitives.WriteInt32BigEndian(
                at, random.OneIn(2) ? (int)random.Boundary() : now + random.Between(-3, 3));
        }

        return bytes;
    }

    private static void ReadAll(byte[] input)
    {
        if (input.Length == 0)
        {
            return;
        }

        using var stream = new MemoryStream(input, 1, input.Length - 1);
        var frames = new FrameReader(stream, MaxFrameBytes);
        while (frames.ReadAsync(CancellationToken.None).AsTask().GetAwaiter().GetResult() is { } frame)
        {
            Decode(input[0] % Kinds, frame.Span);
        }
    }

    private static void Decode(int kind, ReadOnlySpan<byte> frame)
    {
        if (kind == 0)
        {
            _ = ConnectMessages.ReadResponse(frame);
            return;
        }

        var reader = new JuteReader(frame);
        _ = (reader.ReadInt32(), reader.ReadInt64(), reader.ReadInt32()); // header: request, transaction, error
        DecoderOf(kind)(ref reader);
    }

    private static Decoder DecoderOf(int kind) => kind switch
    {
        1 => static (ref JuteReader body) => NodeStat.Read(ref body),
        2 => static (ref JuteReader body) =>
        {
            body.ReadBytes();
            NodeStat.Read(ref body);
        },
        3 => static (ref JuteReader body) =>
        {
            body.ReadTexts();
            NodeStat.Read(ref body);
        },
        4 => static (ref JuteReader body) => ZooKeeperClient.ReadMulti(ref body, 3),
        5 => static (ref JuteReader body) =>
        {
            // An event: type, state, path.
            _ = (body.ReadInt32(), body.ReadInt32());
            body.ReadText();
        },
        _ => static (ref JuteReader body) => body.ReadText(),
    };

    private static byte[] MakeBody(int kind)
    {
        var writer = new JuteWriter();
        writer.WriteInt32(kind == 0 ? 0 : 7);
        if (kind == 0)
        {
            writer.WriteInt32(4_000);
            writer.WriteInt64(0x1234_5678);
            writer.WriteBytes(new byte[16]);
            writer.WriteBoolean(false);
            return writer.Written.ToArray();
        }

        writer.WriteInt64(0x42);
        writer.WriteInt32(0);
        switch (kind)
        {
            case 2:
                writer.WriteBytes(new byte[30]);
                break;
            case 3:
                writer.WriteTexts(["a", "epoch-0000000001", "é"]);
                break;
            case 4:
                WriteMulti(writer);
                return writer.Written.ToArray();
            case 5:
                writer.WriteInt32(3);
                writer.WriteInt32(3);
                writer.WriteText("/jobs/job/register");
                return writer.Written.ToArray();
            case 6:
                writer.WriteText("/jobs/job");
                return writer.Written.ToArray();
        }

        for (var i = 0; i < 68; i++)
        {
            writer.WriteBoolean(i % 8 == 7);
        }

        return writer.Written.ToArray();
    }

    // Type, whether it is the last, error; then what the part answers.
    private static void WriteMulti(JuteWriter writer)
    {
        foreach (var type in new[] { ZooKeeperOperation.Check, ZooKeeperOperation.Create, ZooKeeperOperation.Delete })
        {
            writer.WriteInt32((int)type);
            writer.WriteBoolean(false);
            writer.WriteInt32(0);
            if (type == ZooKeeperOperation.Create)
            {
                writer.WriteText("/jobs/job");
            }
        }

        writer.WriteInt32(-1);
        writer.WriteBoolean(true);
        writer.WriteInt32(-1);
    }
}
