using System.Buffers.Binary;
using Checkpointing.State;
using Checkpointing.StateHandles;
using Checkpointing.Storage;
using Checkpointing.Storage.InMemory;

namespace Checkpointing.Torture.Fuzz;

/// <summary>Judges what the reader of canonical snapshots does with any bytes and offsets: it refuses them with one of
/// two exceptions, or gives rows of the key groups that were asked for, which read the same when they are written
/// again.</summary>
internal static class CanonicalOracle
{
    private const string InputPath = "fuzz/snapshot";

    // The reader's buffer is 1 MB from the first byte on; the rest is in proportion.
    internal static long MaxAllocatedBytes(int inputBytes) => (64L * inputBytes) + (4 << 20);

    internal static FuzzVerdict Check(byte[] input)
    {
        var offsets = new long[CanonicalFile.Range.Count];
        Span<byte> front = new byte[CanonicalFile.OffsetsBytes];
        input.AsSpan(0, Math.Min(input.Length, front.Length)).CopyTo(front);
        for (var i = 0; i < offsets.Length; i++)
        {
            offsets[i] = BinaryPrimitives.ReadInt64LittleEndian(front[(i * sizeof(long))..]);
        }

        var file = input[Math.Min(input.Length, front.Length)..];
        var storage = new InMemoryCheckpointStorage();
        Wait(storage.WriteAllAsync(InputPath, file, CancellationToken.None));
        var handle = new KeyGroupsStateHandle(
            CanonicalFile.Range, [.. offsets], new FileStateHandle(InputPath, file.Length, null));
        var content = new Content([], []);
        var verdict = FuzzReading.Measure(() => content = Wait(ReadAsync(storage, handle)), RefusalOf);
        if (verdict.Problem is not null)
        {
            return verdict;
        }

        var problem = FuzzReading.ExcessOf(verdict, input.Length, MaxAllocatedBytes(input.Length))
            ?? (verdict.Outcome == FuzzOutcome.Accepted ? CheckContent(content) : null);
        return problem is null ? verdict : verdict with { Outcome = FuzzOutcome.Failed, Problem = problem };
    }

    private static (FuzzOutcome Outcome, string? Problem)? RefusalOf(Exception exception) => exception switch
    {
        CheckpointCorruptException corrupt => (
            FuzzOutcome.Corrupt, corrupt.Path != InputPath ? $"the path is '{corrupt.Path}'" : null),
        UnsupportedFormatException => (FuzzOutcome.Unsupported, null),
        _ => null,
    };

    private static string? CheckContent(Content content)
    {
        if (content.Rows.FirstOrDefault(static row =>
            !CanonicalFile.Range.Contains(KeyedRowKey.ReadKeyGroup(row.Key))) is { Key: not null } stray)
        {
            return $"a row of key group {KeyedRowKey.ReadKeyGroup(stray.Key)} was given";
        }

#pragma warning disable CA1031 // Any exception is what the fuzzer is looking for: this content was read from a file.
        try
        {
            var storage = new InMemoryCheckpointStorage();
            var again = Wait(ReadAsync(storage, Wait(WriteAsync(storage, content))));
            return content.States.SequenceEqual(again.States) && TextsOf(content).SequenceEqual(TextsOf(again))
                ? null : "what was read and written again reads as other content";
        }
        catch (Exception exception)
        {
            return $"what was read threw when it was written again: {exception}";
        }
#pragma warning restore CA1031
    }

    private static async ValueTask<Content> ReadAsync(ICheckpointStorage storage, KeyGroupsStateHandle handle)
    {
        var rows = new List<Row>();
        var reader = await CanonicalSnapshotReader.OpenAsync(storage, handle, CancellationToken.None)
            .ConfigureAwait(false);
        await using (reader.ConfigureAwait(false))
        {
            await reader.ReadAsync(
                CanonicalFile.Range, (state, key, value) => rows.Add(new(state, key.ToArray(), value.ToArray())),
                CancellationToken.None).ConfigureAwait(false);
            return new(reader.States, rows);
        }
    }

    private static async ValueTask<KeyGroupsStateHandle> WriteAsync(ICheckpointStorage storage, Content content)
    {
        var request = new SnapshotRequest
        {
            CheckpointId = new(1),
            Kind = CheckpointKind.Checkpoint,
            Base = null,
            Job = "fuzz",
            Epoch = 1,
            Attempt = 0,
            ExclusiveFolder = "fuzz/chk-1",
        };
        var writer = await CanonicalSnapshotWriter.CreateAsync(
            storage, request, IdSource.FromSeed(1), CanonicalFile.Range, content.States, CancellationToken.None)
            .ConfigureAwait(false);
        await using (writer.ConfigureAwait(false))
        {
            foreach (var row in content.Rows)
            {
                await writer.WriteRowAsync(row.State, row.Key, row.Value, CancellationToken.None).ConfigureAwait(false);
            }

            return AsFile(await writer.CompleteAsync(CancellationToken.None).ConfigureAwait(false), request);
        }
    }

    // The writer's handle is relative to the checkpoint's folder.
    private static KeyGroupsStateHandle AsFile(KeyGroupsStateHandle handle, SnapshotRequest request) =>
        handle.Stream is RelativeFileStateHandle relative
            ? handle with
            {
                Stream = new FileStateHandle(
                    StoragePath.Combine(request.ExclusiveFolder, relative.RelativePath), handle.SizeBytes, null),
            }
            : handle;

    private static IEnumerable<string> TextsOf(Content content) => content.Rows.Select(static row => row.ToText());

    private static T Wait<T>(ValueTask<T> task) => task.AsTask().GetAwaiter().GetResult();

    private static void Wait(ValueTask task) => task.AsTask().GetAwaiter().GetResult();

    private sealed record Content(IReadOnlyList<StateDescription> States, List<Row> Rows);

    private readonly record struct Row(int State, byte[] Key, byte[] Value)
    {
        public string ToText() => $"{State} {Convert.ToHexString(Key)} {Convert.ToHexString(Value)}";
    }
}
