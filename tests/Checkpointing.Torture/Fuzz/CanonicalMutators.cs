namespace Checkpointing.Torture.Fuzz;

/// <summary>Changes inside canonical snapshots, behind digests that are right: the readers' own checks have to find
/// them.</summary>
internal static class CanonicalMutators
{
    /// <summary>One to three changes of a made file.</summary>
    internal static byte[] ChangeSealed(FuzzRandom random, FuzzCorpus corpus)
    {
        var file = CanonicalFile.Make(random);
        for (var changes = random.Between(1, 3); changes > 0; changes--)
        {
            Change(random, file);
        }

        return file.ToInput();
    }

    private static void Change(FuzzRandom random, CanonicalFile file)
    {
        var block = random.Below(file.Blocks.Count);
        switch (random.Below(10))
        {
            case 0:
                file.Descriptions = ChangeBytes(random, file.Descriptions);
                break;
            case 1:
                file.Version = (int)random.Boundary();
                break;
            case 2:
                file.Magic = random.OneIn(4) ? random.Boundary() : file.Magic;
                break;
            case 3 when file.Blocks.Count > 0:
                var group = random.OneIn(2) ? random.Below(6) : (int)random.Boundary();
                file.Blocks[block] = (group, file.Blocks[block].Chunks);
                break;
            case 4 when file.Blocks.Count > 0:
                file.Blocks.Add(file.Blocks[block]);
                break;
            case 5 when file.Blocks.Count > 0:
                file.Blocks.RemoveAt(block);
                break;
            case 6 when file.Blocks.Count > 0:
                file.Blocks[block].Chunks.Add(random.Bytes(random.Below(60)));
                break;
            default:
                if (file.Blocks.Count > 0 && file.Blocks[block].Chunks is { Count: > 0 } chunks)
                {
                    var chunk = random.Below(chunks.Count);
                    chunks[chunk] = ChangeBytes(random, chunks[chunk]);
                }

                break;
        }
    }

    private static byte[] ChangeBytes(FuzzRandom random, byte[] bytes)
    {
        byte[] changed = [.. bytes];
        for (var changes = random.Between(1, 4); changes > 0 && changed.Length > 0; changes--)
        {
            var at = random.Below(changed.Length);
            switch (random.Below(4))
            {
                case 0:
                    changed = [.. changed[..at], .. changed[(at + 1)..]];
                    break;
                case 1:
                    changed = [.. changed[..at], (byte)random.Next(), .. changed[at..]];
                    break;
                case 2:
                    changed[at] = random.Pick<byte>([0, 1, 0x7F, 0x80, 0xFF]);
                    break;
                default:
                    changed[at] ^= (byte)(1 << random.Below(8));
                    break;
            }
        }

        return changed;
    }
}
