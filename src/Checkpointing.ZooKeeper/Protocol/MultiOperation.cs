namespace Checkpointing.ZooKeeper.Protocol;

/// <summary>One part of a <see cref="ZooKeeperOperation.Multi"/>, of which all are done or none.</summary>
/// <param name="Operation">What is done.</param>
/// <param name="Path">The node.</param>
/// <param name="WriteBody">Takes the path as the servers know it, and whether a new node is for its creator
/// alone.</param>
internal sealed record MultiOperation(
    ZooKeeperOperation Operation, string Path, Action<JuteWriter, string, bool> WriteBody)
{
    internal static MultiOperation Create(string path, ReadOnlyMemory<byte> data, bool isEphemeral = false) => new(
        ZooKeeperOperation.Create, path,
        (writer, serverPath, isForCreator) => ZooKeeperClient.WriteCreate(
            writer, serverPath, data, isEphemeral, false, isForCreator));

    internal static MultiOperation Delete(string path, int version) => Versioned(
        ZooKeeperOperation.Delete, path, version);

    internal static MultiOperation Check(string path, int version) => Versioned(
        ZooKeeperOperation.Check, path, version);

    internal static MultiOperation Set(string path, ReadOnlyMemory<byte> data, int version) => new(
        ZooKeeperOperation.SetData, path,
        (writer, serverPath, _) =>
        {
            writer.WriteText(serverPath);
            writer.WriteBytes(data.Span);
            writer.WriteInt32(version);
        });

    private static MultiOperation Versioned(ZooKeeperOperation operation, string path, int version) => new(
        operation, path,
        (writer, serverPath, _) =>
        {
            writer.WriteText(serverPath);
            writer.WriteInt32(version);
        });
}
