namespace Checkpointing.ZooKeeper.Protocol;

/// <summary>Facts of a node.</summary>
/// <param name="CreatedZxid">Transaction that created it.</param>
/// <param name="ModifiedZxid">Transaction that last changed its data.</param>
/// <param name="Version">Changes of its data since it was created.</param>
/// <param name="ChildrenVersion">Changes of its list of children.</param>
/// <param name="EphemeralOwner">Session whose end removes it; 0: it stays.</param>
/// <param name="DataLength">Bytes of its data.</param>
/// <param name="ChildCount">Its children.</param>
internal sealed record NodeStat(
    long CreatedZxid, long ModifiedZxid, int Version, int ChildrenVersion, long EphemeralOwner, int DataLength,
    int ChildCount)
{
    internal static NodeStat Read(ref JuteReader reader)
    {
        var created = reader.ReadInt64();
        var modified = reader.ReadInt64();
        reader.ReadInt64(); // time of creation, by the server's clock
        reader.ReadInt64(); // time of the last change
        var version = reader.ReadInt32();
        var childrenVersion = reader.ReadInt32();
        reader.ReadInt32(); // version of its access control list
        var owner = reader.ReadInt64();
        var dataLength = reader.ReadInt32();
        var childCount = reader.ReadInt32();
        reader.ReadInt64(); // transaction that last changed its children
        return new(created, modified, version, childrenVersion, owner, dataLength, childCount);
    }
}
