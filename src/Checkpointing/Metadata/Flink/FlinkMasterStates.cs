using Checkpointing.StateHandles;

namespace Checkpointing.Metadata.Flink;

/// <summary>States of the coordinator's hooks, the same from version 2 on.</summary>
internal static class FlinkMasterStates
{
    private const int Magic = unchecked((int)0xC96B1696);

    // Magic, length of the block, version, name, length of the data.
    private const int SmallestBytes = (4 * sizeof(int)) + sizeof(ushort);

    internal static ValueList<MasterState> Read(ref FlinkInput input)
    {
        var count = input.ReadCount(SmallestBytes, "coordinator states");
        if (count == 0)
        {
            return default;
        }

        var states = new MasterState[count];
        for (var i = 0; i < count; i++)
        {
            input.Expect(Magic, "the magic number of a coordinator state");
            var lengthAt = input.Position;
            var length = input.ReadInt32("the length of a coordinator state");
            var start = input.Position;
            var version = input.ReadInt32("a coordinator state's version");
            var name = input.ReadText("a coordinator state's name");
            states[i] = new(name, version, input.ReadBlob("a coordinator state"));
            if (input.Position - start != length)
            {
                throw input.Corrupt(lengthAt, $"a block of {input.Position - start} bytes", $"a length of {length}");
            }
        }

        return MetadataInput.Own(states);
    }

    internal static void Write(FlinkOutput output, ValueList<MasterState> states)
    {
        output.WriteInt32(states.Count);
        foreach (var state in states)
        {
            output.WriteInt32(Magic);
            output.WriteInt32(0);
            var start = output.Length;
            output.WriteInt32(state.Version);
            output.WriteText(state.Name, "coordinator state name");
            output.WriteBlob(state.Data);
            output.PatchInt32(start - sizeof(int), output.Length - start);
        }
    }
}
