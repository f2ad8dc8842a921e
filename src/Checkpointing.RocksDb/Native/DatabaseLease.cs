using System.Runtime.InteropServices;

namespace Checkpointing.RocksDb.Native;

/// <summary>Keeps a database open, and usable for its holder, after its owner has disposed it.</summary>
internal sealed class DatabaseLease : SafeHandle
{
    private readonly DatabaseHandle _database;
    private bool _holdsDatabase;

    internal DatabaseLease(DatabaseHandle database)
        : base(0, ownsHandle: true)
    {
        _database = database;
        database.DangerousAddRef(ref _holdsDatabase);
        SetHandle(database.DangerousGetHandle());
    }

    public override bool IsInvalid => handle == 0;

    protected override bool ReleaseHandle()
    {
        if (_holdsDatabase)
        {
            _holdsDatabase = false;
            _database.DangerousRelease();
        }

        return true;
    }
}
