using System.Buffers.Binary;
using System.Text;
using Checkpointing.KeyGroups;
using Checkpointing.RocksDb.Native;
using Checkpointing.State;
using Checkpointing.StateHandles;

namespace Checkpointing.RocksDb.Snapshots;

/// <summary>Reads a <see cref="Catalogue"/>: digest first, then every value against what it must be.</summary>
internal ref struct CatalogueReader
{
    private readonly ReadOnlySpan<byte> _source;
    private readonly string _path;
    private int _at;

    private CatalogueReader(ReadOnlySpan<byte> source, string path)
    {
        _source = source;
        _path = path;
    }

    private readonly int Remaining => _source.Length - _at;

    /// <summary>Decodes and validates a catalogue.</summary>
    /// <param name="content">All its bytes.</param>
    /// <param name="path">Where they were, for messages.</param>
    /// <exception cref="CheckpointCorruptException">Not one bit of it may be believed.</exception>
    /// <exception cref="UnsupportedFormatException">Another version wrote it.</exception>
    internal static Catalogue Read(ReadOnlySpan<byte> content, string path)
    {
        var bodyLength = content.Length - CatalogueFormat.TrailerSize;
        if (bodyLength < CatalogueFormat.Magic.Length + sizeof(int) || !content.StartsWith(CatalogueFormat.Magic))
        {
            throw new CheckpointCorruptException(
                path, 0, "a catalogue of RocksDB files", $"{content.Length} other bytes");
        }

        var stored = BinaryPrimitives.ReadUInt128LittleEndian(content[(bodyLength + sizeof(long))..]);
        var computed = ContentDigest.Of(content[..(bodyLength + sizeof(long))]);
        if (computed.Value != stored || BinaryPrimitives.ReadInt64LittleEndian(content[bodyLength..]) != bodyLength)
        {
            throw new CheckpointCorruptException(
                path, bodyLength, $"digest {new ContentDigest(stored)} at the end", $"bytes of digest {computed}");
        }

        return new CatalogueReader(content[..bodyLength], path).ReadAll();
    }

    private Catalogue ReadAll()
    {
        _at = CatalogueFormat.Magic.Length;
        var version = ReadInt32();
        if (version != CatalogueFormat.Version)
        {
            throw new UnsupportedFormatException(
                _path, $"a catalogue of version {version}", $"version {CatalogueFormat.Version}");
        }

        var backendId = new Guid(Take(16));
        var first = ReadInt32();
        var last = ReadInt32();
        if (first < 0 || last < first || last >= KeyGroupAssignment.MaxParallelismLimit)
        {
            throw Corrupt("a key-group range", $"{first} to {last}");
        }

        var checkpointId = ReadInt64();
        var sequence = (ulong)ReadInt64();
        var levelCount = ReadInt32();
        if (levelCount is < 1 or > DatabaseOptions.LevelCount)
        {
            throw Corrupt($"1 to {DatabaseOptions.LevelCount} levels", $"{levelCount}");
        }

        if (ReadText() is var comparator && comparator != CatalogueFormat.Comparator)
        {
            throw Corrupt($"comparator '{CatalogueFormat.Comparator}'", $"'{comparator}'");
        }

        var states = ReadStates();
        var files = new List<CatalogueFile>();
        for (var count = ReadCount(CatalogueFormat.MinFileSize); count > 0; count--)
        {
            files.Add(ReadFile(states, levelCount, sequence));
        }

        if (Remaining != 0)
        {
            throw Corrupt("the end", $"{Remaining} more bytes");
        }

        CheckCounts(states, files);
        return new()
        {
            BackendId = backendId,
            Range = new(first, last),
            CheckpointId = new(checkpointId),
            Sequence = sequence,
            LevelCount = levelCount,
            States = states,
            Files = files,
        };
    }

    private readonly void CheckCounts(List<CatalogueState> states, List<CatalogueFile> files)
    {
        if (states.DistinctBy(static state => state.ColumnFamily).Count() != states.Count
            || states.DistinctBy(static state => state.Description.Name).Count() != states.Count)
        {
            throw Corrupt("each state once", "a state twice");
        }

        if (files.DistinctBy(static file => file.File.Name).Count() != files.Count)
        {
            throw Corrupt("each file once", "a file name twice");
        }

        foreach (var state in states)
        {
            var count = files.Count(file => file.File.ColumnFamily == state.ColumnFamily);
            if (count != state.FileCount)
            {
                throw Corrupt($"{state.FileCount} files of state '{state.Description.Name}'", $"{count}");
            }

            if (!MergeOperators.IsKnown(state.MergeOperator))
            {
                throw new UnsupportedFormatException(
                    _path, $"merge operator '{state.MergeOperator}' of state '{state.Description.Name}'",
                    "concatenation and the built-in reductions; use a newer library");
            }
        }
    }

    private List<CatalogueState> ReadStates()
    {
        IReadOnlyList<StateDescription> descriptions;
        try
        {
            descriptions = StateDescriptionSerializer.Read(_source[_at..], out var rest);
            _at = _source.Length - rest.Length;
        }
        catch (FormatException exception)
        {
            throw Corrupt("descriptions of states", exception.Message);
        }

        var states = new List<CatalogueState>();
        foreach (var description in descriptions)
        {
            states.Add(new(description, ReadText(), ReadText(), ReadInt32()));
        }

        return states;
    }

    private CatalogueFile ReadFile(List<CatalogueState> states, int levelCount, ulong sequence)
    {
        var stateIndex = ReadInt32();
        if (stateIndex < 0 || stateIndex >= states.Count)
        {
            throw Corrupt($"a state index below {states.Count}", $"{stateIndex}");
        }

        var file = new LiveFile
        {
            ColumnFamily = states[stateIndex].ColumnFamily,
            Level = ReadInt32(),
            SmallestKey = ReadBytes().ToArray(),
            LargestKey = ReadBytes().ToArray(),
            SmallestSequence = (ulong)ReadInt64(),
            LargestSequence = (ulong)ReadInt64(),
            SizeBytes = ReadInt64(),
            EntryCount = (ulong)ReadInt64(),
            DeletionCount = (ulong)ReadInt64(),
            Name = "",
        };
        var digest = new ContentDigest(BinaryPrimitives.ReadUInt128LittleEndian(Take(ContentDigest.Size)));
        var storedKey = ReadText();
        file = file with { Name = ReadText() };

        if (file.Level < 0 || file.Level >= levelCount)
        {
            throw Corrupt($"a level below {levelCount} for '{file.Name}'", $"{file.Level}");
        }

        if (file.SmallestKey.AsSpan().SequenceCompareTo(file.LargestKey) > 0
            || file.SmallestSequence > file.LargestSequence || file.LargestSequence > sequence || file.SizeBytes <= 0)
        {
            throw Corrupt(
                $"bounds and sequence numbers of '{file.Name}' in order, up to {sequence}",
                $"sequence numbers {file.SmallestSequence} to {file.LargestSequence}, {file.SizeBytes} bytes");
        }

        return new(file, digest, storedKey);
    }

    private int ReadCount(int minItemSize)
    {
        var count = ReadInt32();
        return count >= 0 && count <= Remaining / minItemSize
            ? count
            : throw Corrupt($"a count that {Remaining} bytes can hold", $"{count}");
    }

    private int ReadInt32() => BinaryPrimitives.ReadInt32LittleEndian(Take(sizeof(int)));

    private long ReadInt64() => BinaryPrimitives.ReadInt64LittleEndian(Take(sizeof(long)));

    private string ReadText() => Encoding.UTF8.GetString(ReadBytes());

    private ReadOnlySpan<byte> ReadBytes() => Take(ReadInt32());

    private ReadOnlySpan<byte> Take(int length)
    {
        if (length < 0 || length > Remaining)
        {
            throw Corrupt($"{length} more bytes", $"{Remaining}");
        }

        _at += length;
        return _source.Slice(_at - length, length);
    }

    private readonly CheckpointCorruptException Corrupt(string expected, string actual) =>
        new(_path, _at, expected, actual);
}
