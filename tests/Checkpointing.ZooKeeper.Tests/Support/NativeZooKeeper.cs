using System.Runtime.InteropServices;
using System.Text;

namespace Checkpointing.ZooKeeper.Tests.Support;

/// <summary>Apache's own client in C, as an oracle: one session, calls that wait.</summary>
/// <remarks>Debian's package <c>libzookeeper-mt2</c>. Not safe for concurrent calls. The library is told of no
/// callback: nothing of the runtime is ever called from its threads.</remarks>
internal sealed partial class NativeZooKeeper : IDisposable
{
    private const string Library = "libzookeeper_mt.so.2";
    private const int Connected = 3;
    private const int OperationBytes = 128; // 72 are used
    private const int ResultBytes = 64; // 32 are used, of which the first four are the error
    private const int PathBytes = 1024;

    private readonly nint _openAcl;
    private nint _handle;

    private NativeZooKeeper(nint handle, nint openAcl) => (_handle, _openAcl) = (handle, openAcl);

    /// <summary>What it wants of a node.</summary>
    internal enum Mode
    {
        Persistent = 0,
        Ephemeral = 1,
        PersistentSequential = 2,
        EphemeralSequential = 3,
    }

    internal static async Task<NativeZooKeeper> ConnectAsync(string connectionString)
    {
        if (!NativeLibrary.TryLoad(Library, out var library))
        {
            const string Reason = "Apache's C client is not installed: install the package libzookeeper-mt2.";
            if (Environment.GetEnvironmentVariable("CHECKPOINTING_ZOOKEEPER") == "required")
            {
                throw new InvalidOperationException(Reason);
            }

            Assert.Skip(Reason);
        }

        var openAcl = NativeLibrary.GetExport(library, "ZOO_OPEN_ACL_UNSAFE");
        SetDebugLevel(0);
        var handle = Initialize(connectionString, 0, 30_000, 0, 0, 0);
        handle.Should().NotBe(0);
        var client = new NativeZooKeeper(handle, openAcl);
        await Eventually.IsTrueAsync(() => State(handle) == Connected, "the C client is connected");
        return client;
    }

    /// <summary>Ends the session; any number of times.</summary>
    public void Dispose()
    {
        // The library frees what the handle points to.
        if (Interlocked.Exchange(ref _handle, 0) is var handle and not 0)
        {
            _ = Close(handle);
        }
    }

    internal (int Error, string Path) Create(string path, byte[] data, Mode mode)
    {
        var buffer = new byte[PathBytes];
        var error = Create(_handle, path, data, data.Length, _openAcl, (int)mode, buffer, buffer.Length);
        return (error, error == 0 ? TextOf(buffer) : "");
    }

    internal (int Error, string Path, Stat Stat) Create2(string path, byte[] data, Mode mode)
    {
        var buffer = new byte[PathBytes];
        var error = Create2(
            _handle, path, data, data.Length, _openAcl, (int)mode, buffer, buffer.Length, out var stat);
        return (error, error == 0 ? TextOf(buffer) : "", stat);
    }

    internal int Delete(string path, int version) => Delete(_handle, path, version);

    internal (int Error, Stat Stat) Exists(string path) => (Exists(_handle, path, 0, out var stat), stat);

    internal (int Error, byte[] Data, Stat Stat) Get(string path)
    {
        var buffer = new byte[1 << 20];
        var length = buffer.Length;
        var error = Get(_handle, path, 0, buffer, ref length, out var stat);
        return (error, error == 0 && length > 0 ? buffer[..length] : [], stat);
    }

    internal (int Error, Stat Stat) Set(string path, byte[] data, int version) =>
        (Set2(_handle, path, data, data.Length, version, out var stat), stat);

    internal (int Error, string[] Children, Stat Stat) GetChildren(string path)
    {
        // A missing place for the facts would end the process.
        var error = GetChildren2(_handle, path, 0, out var names, out var stat);
        if (error != 0)
        {
            return (error, [], stat);
        }

        var children = new string[names.Count];
        for (var i = 0; i < children.Length; i++)
        {
            children[i] = Marshal.PtrToStringUTF8(Marshal.ReadIntPtr(names.Data, i * nint.Size))!;
        }

        _ = DeallocateNames(ref names);
        return (error, children, stat);
    }

    /// <summary>All or nothing.</summary>
    internal int Multi(IReadOnlyList<Action<Batch, nint>> operations)
    {
        using var batch = new Batch(_openAcl);
        var places = batch.Allocate(operations.Count * OperationBytes);
        var results = batch.Allocate(operations.Count * ResultBytes);

        // The library walks both as arrays of its own sizes.
        const int NativeOperationBytes = 72;
        for (var i = 0; i < operations.Count; i++)
        {
            operations[i](batch, places + (i * NativeOperationBytes));
        }

        return Multi(_handle, operations.Count, places, results);
    }

    private static string TextOf(byte[] buffer) => Encoding.UTF8.GetString(buffer, 0, Array.IndexOf(buffer, (byte)0));

    [LibraryImport(Library, EntryPoint = "zoo_set_debug_level")]
    private static partial void SetDebugLevel(int level);

    [LibraryImport(Library, EntryPoint = "zookeeper_init", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint Initialize(
        string servers, nint watcher, int timeoutMs, nint session, nint context, int flags);

    [LibraryImport(Library, EntryPoint = "zookeeper_close")]
    private static partial int Close(nint handle);

    [LibraryImport(Library, EntryPoint = "zoo_state")]
    private static partial int State(nint handle);

    [LibraryImport(Library, EntryPoint = "zoo_create", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Create(
        nint handle, string path, byte[] data, int length, nint acl, int mode, [Out] byte[] created, int createdLength);

    [LibraryImport(Library, EntryPoint = "zoo_create2", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Create2(
        nint handle, string path, byte[] data, int length, nint acl, int mode, [Out] byte[] created, int createdLength,
        out Stat stat);

    [LibraryImport(Library, EntryPoint = "zoo_delete", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Delete(nint handle, string path, int version);

    [LibraryImport(Library, EntryPoint = "zoo_exists", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Exists(nint handle, string path, int isWatched, out Stat stat);

    [LibraryImport(Library, EntryPoint = "zoo_get", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Get(
        nint handle, string path, int isWatched, [Out] byte[] buffer, ref int length, out Stat stat);

    [LibraryImport(Library, EntryPoint = "zoo_set2", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Set2(nint handle, string path, byte[] data, int length, int version, out Stat stat);

    [LibraryImport(Library, EntryPoint = "zoo_get_children2", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int GetChildren2(nint handle, string path, int isWatched, out Names names, out Stat stat);

    [LibraryImport(Library, EntryPoint = "deallocate_String_vector")]
    private static partial int DeallocateNames(ref Names names);

    [LibraryImport(Library, EntryPoint = "zoo_multi")]
    private static partial int Multi(nint handle, int count, nint operations, nint results);

    [LibraryImport(Library, EntryPoint = "zoo_create_op_init")]
    private static partial void InitializeCreate(
        nint operation, nint path, nint data, int length, nint acl, int mode, nint created, int createdLength);

    [LibraryImport(Library, EntryPoint = "zoo_delete_op_init")]
    private static partial void InitializeDelete(nint operation, nint path, int version);

    [LibraryImport(Library, EntryPoint = "zoo_set_op_init")]
    private static partial void InitializeSet(
        nint operation, nint path, nint data, int length, int version, nint stat);

    [LibraryImport(Library, EntryPoint = "zoo_check_op_init")]
    private static partial void InitializeCheck(nint operation, nint path, int version);

    /// <summary>Facts of a node, as they lie in the library's memory.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Stat
    {
        public long CreatedZxid;
        public long ModifiedZxid;
        public long CreatedMs;
        public long ModifiedMs;
        public int Version;
        public int ChildrenVersion;
        public int AclVersion;
        public long EphemeralOwner;
        public int DataLength;
        public int ChildCount;
        public long ChildrenZxid;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Names
    {
        public int Count;
        public nint Data;
    }

    /// <summary>Memory that the library looks at until a multi is done.</summary>
    internal sealed class Batch(nint openAcl) : IDisposable
    {
        private readonly List<nint> _blocks = [];

        public void Dispose() => _blocks.ForEach(Marshal.FreeHGlobal);

        internal nint Allocate(int bytes)
        {
            var block = Marshal.AllocHGlobal(Math.Max(1, bytes));
            _blocks.Add(block);
            Marshal.Copy(new byte[bytes], 0, block, bytes);
            return block;
        }

        internal void Create(nint operation, string path, byte[] data, Mode mode) => InitializeCreate(
            operation, Copy(path), Copy(data), data.Length, openAcl, (int)mode, Allocate(PathBytes), PathBytes);

        internal void Delete(nint operation, string path, int version) =>
            InitializeDelete(operation, Copy(path), version);

        internal void Set(nint operation, string path, byte[] data, int version) => InitializeSet(
            operation, Copy(path), Copy(data), data.Length, version, Allocate(Marshal.SizeOf<Stat>()));

        internal void Check(nint operation, string path, int version) =>
            InitializeCheck(operation, Copy(path), version);

        private nint Copy(string text) => Copy([.. Encoding.UTF8.GetBytes(text), 0]);

        private nint Copy(byte[] bytes)
        {
            var block = Allocate(bytes.Length);
            Marshal.Copy(bytes, 0, block, bytes.Length);
            return block;
        }
    }
}
