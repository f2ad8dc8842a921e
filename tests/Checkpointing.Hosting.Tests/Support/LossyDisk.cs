using Checkpointing.Hosting.Files;

namespace Checkpointing.Hosting.Tests.Support;

/// <summary>What a power cut may leave of a folder: of all that was not synced, each piece is there or not, as the seed
/// says.</summary>
/// <remarks>Learns from the steps of the file sink: content is durable after its file was synced, names made and
/// deleted
/// are durable after their folder was.</remarks>
internal sealed class LossyDisk(string root)
{
    private readonly Dictionary<string, byte[]> _contents = [];
    private readonly HashSet<string> _names = [];
    private (FileStep Step, string Path)? _last;

    /// <summary>Takes in that the step before is done and that this one begins.</summary>
    public void Before(FileStep step, string path)
    {
        TakeInLast();
        _last = (step, path);
    }

    /// <summary>Cuts the power. The last step was not carried out.</summary>
    public void Crash(int seed)
    {
        var random = new Random(seed);
        _last = null;
        foreach (var file in Directory.GetFiles(root, "*", SearchOption.AllDirectories))
        {
            if (!_names.Contains(file) && random.Next(2) == 0)
            {
                File.Delete(file);
                continue;
            }

            var durable = _contents.GetValueOrDefault(file, []);
            var present = File.ReadAllBytes(file);
            if (!durable.AsSpan().SequenceEqual(present))
            {
                File.WriteAllBytes(file, Mix(durable, present, random));
            }
        }

        foreach (var name in _names.Where(name => !Path.Exists(name) && _contents.ContainsKey(name)).ToList())
        {
            if (random.Next(2) == 0 && Directory.Exists(Path.GetDirectoryName(name)))
            {
                // Its deletion was not durable.
                File.WriteAllBytes(name, _contents[name]);
            }
        }

        foreach (var folder in Directory.GetDirectories(root, "*", SearchOption.AllDirectories)
            .OrderByDescending(static folder => folder.Length))
        {
            if (!_names.Contains(folder) && random.Next(2) == 0)
            {
                Directory.Delete(folder, recursive: true);
            }
        }

        Settle();
    }

    /// <summary>What is there now is durable: the machine was started again.</summary>
    public void Settle()
    {
        _last = null;
        _names.Clear();
        _contents.Clear();
        foreach (var entry in Directory.GetFileSystemEntries(root, "*", SearchOption.AllDirectories))
        {
            _names.Add(entry);
            if (File.Exists(entry))
            {
                _contents[entry] = File.ReadAllBytes(entry);
            }
        }
    }

    private void TakeInLast()
    {
        switch (_last)
        {
            case (FileStep.SyncPart or FileStep.SyncOutput, var file) when File.Exists(file):
                _contents[file] = File.ReadAllBytes(file);
                break;
            case (FileStep.SyncFolder, var folder):
                _names.RemoveWhere(name => Path.GetDirectoryName(name) == folder && !Path.Exists(name));
                _names.UnionWith(Directory.GetFileSystemEntries(folder));
                break;
        }

        _last = null;
    }

    /// <summary>Length and bytes are those of before, of after, or of both.</summary>
    private static byte[] Mix(byte[] durable, byte[] present, Random random)
    {
        var length = random.Next(
            Math.Min(durable.Length, present.Length), Math.Max(durable.Length, present.Length) + 1);
        var mixed = new byte[length];
        for (var i = 0; i < length; i++)
        {
            var source = random.Next(3);
            mixed[i] = source == 0 && i < durable.Length ? durable[i] : i < present.Length ? present[i] : (byte)0;
        }

        // Bytes that were durable and that nobody has written since do not change.
        durable.AsSpan(0, Math.Min(length, CommonPrefix(durable, present))).CopyTo(mixed);
        return mixed;
    }

    private static int CommonPrefix(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right) =>
        left.CommonPrefixLength(right);
}
