using Checkpointing.StateHandles;

namespace Checkpointing.Metadata.Native;

/// <summary>The record of a chain's states (Flink's version 1) in version 1001: three lists of slots.</summary>
internal static class NativeChains
{
    internal static ChainState Read(ref NativeInput body)
    {
        var legacy = new StreamStateHandle?[body.ReadCount(NativeInput.RecordHeaderBytes, "legacy states")];
        for (var i = 0; i < legacy.Length; i++)
        {
            var handle = NativeStreams.Read(ref body, depth: 0);
            legacy[i] = handle is AbsentStreamStateHandle ? null : handle;
        }

        var managed = ReadOperatorStates(ref body);
        return new(MetadataInput.Own(legacy), managed, ReadOperatorStates(ref body));
    }

    internal static void Write(NativeOutput output, ChainState chain)
    {
        var begin = output.Begin(NativeTags.Chain);
        output.WriteInt32(chain.Legacy.Count);
        foreach (var handle in chain.Legacy)
        {
            NativeStreams.Write(output, handle ?? AbsentStreamStateHandle.Instance, depth: 0);
        }

        WriteOperatorStates(output, chain.ManagedOperator);
        WriteOperatorStates(output, chain.RawOperator);
        output.End(begin);
    }

    private static ValueList<OperatorStateHandle?> ReadOperatorStates(ref NativeInput body)
    {
        var handles = new OperatorStateHandle?[body.ReadCount(1, "operator states")];
        for (var i = 0; i < handles.Length; i++)
        {
            handles[i] = body.ReadBoolean("whether a slot has state") ? NativeOperatorState.Read(ref body) : null;
        }

        return MetadataInput.Own(handles);
    }

    private static void WriteOperatorStates(NativeOutput output, ValueList<OperatorStateHandle?> handles)
    {
        output.WriteInt32(handles.Count);
        foreach (var handle in handles)
        {
            output.WriteByte(handle is null ? (byte)0 : (byte)1);
            if (handle is not null)
            {
                NativeOperatorState.Write(output, handle);
            }
        }
    }
}
