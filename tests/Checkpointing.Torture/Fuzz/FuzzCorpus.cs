using System.Buffers.Binary;
using System.Globalization;
using System.IO.Hashing;
using Checkpointing.Metadata;

namespace Checkpointing.Torture.Fuzz;

/// <summary>A file to start from.</summary>
/// <param name="Name">Where it is from.</param>
/// <param name="Bytes">The file.</param>
internal sealed record FuzzSeed(string Name, byte[] Bytes)
{
    /// <summary>The version that it says.</summary>
    internal int Version => BinaryPrimitives.ReadInt32BigEndian(Bytes.AsSpan(sizeof(int)));
}

/// <summary>The files that mutators start from: real ones where they are, and made ones of every version.</summary>
internal sealed class FuzzCorpus
{
    private const int MadeOfEachVersion = 12;
    private const int FlinkVersions = 7;

    private FuzzCorpus(IEnumerable<FuzzSeed> seeds)
    {
        Seeds = [.. seeds];
        Flink = [.. Seeds.Where(static seed => seed.Version != (int)MetadataFormat.NativeV1)];
        Native = [.. Seeds.Where(static seed => seed.Version == (int)MetadataFormat.NativeV1)];
        var hash = new XxHash128();
        foreach (var seed in Seeds)
        {
            hash.Append(seed.Bytes);
        }

        Fingerprint = hash.GetCurrentHashAsUInt128().ToString("x32", CultureInfo.InvariantCulture)[..16];
    }

    /// <summary>All files.</summary>
    internal FuzzSeed[] Seeds { get; }

    /// <summary>Those of Flink's versions.</summary>
    internal FuzzSeed[] Flink { get; }

    /// <summary>Those of our format.</summary>
    internal FuzzSeed[] Native { get; }

    /// <summary>Tells two corpora apart: an input can be made again from the same one only.</summary>
    internal string Fingerprint { get; }

    /// <summary>Made files, and real ones up to a size if they are there.</summary>
    /// <param name="maxBytes">Larger real files are left out; 0 = none of them.</param>
    internal static FuzzCorpus Load(int maxBytes) => new([.. Made(), .. Real(maxBytes)]);

    /// <summary>Given files.</summary>
    internal static FuzzCorpus Of(IEnumerable<FuzzSeed> seeds) => new(seeds);

    /// <summary>Real files of Flink, beside the repository.</summary>
    internal static IEnumerable<FuzzSeed> Real(int maxBytes) =>
        from folder in new[] { "flink-metadata", "flink-generated" }
        from path in maxBytes == 0 ? [] : RepositoryData.Files(folder, "*.metadata")
        where new FileInfo(path).Length is >= 2 * sizeof(int) and var length && length <= maxBytes
        select new FuzzSeed($"{folder}/{Path.GetFileName(path)}", File.ReadAllBytes(path));

    /// <summary>Files of every version, made by the rules of the formats; those of ours by our writer.</summary>
    internal static IEnumerable<FuzzSeed> Made()
    {
        for (ulong i = 0; i < MadeOfEachVersion; i++)
        {
            for (var version = 1; version <= FlinkVersions; version++)
            {
                var file = FlinkGrammar.Generate(new(i, (ulong)version), version);
                yield return new($"made/v{version}-{i}", file.ToArray());
            }

            if (MakeNative(new(i, (ulong)MetadataFormat.NativeV1)) is { } native)
            {
                yield return new($"made/v1001-{i}", native);
            }
        }
    }

    /// <summary>A file of our format with any content; null if it cannot hold that.</summary>
    internal static byte[]? MakeNative(FuzzRandom random)
    {
        try
        {
            return CheckpointMetadataSerializer.Write(ContentGrammar.Generate(random), MetadataFormat.NativeV1);
        }
        catch (UnsupportedFormatException)
        {
            return null;
        }
    }
}
