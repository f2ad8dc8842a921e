using System.Runtime.InteropServices;

namespace Checkpointing.Torture.Soak;

/// <summary>What the process and a folder hold at one moment. Linux only: it reads <c>/proc</c> and asks the C
/// library's allocator.</summary>
/// <param name="ManagedBytes">Live objects, after a full collection.</param>
/// <param name="NativeBytes">Handed out by <c>malloc</c> and not freed: RocksDB, and the runtime's own.</param>
/// <param name="OpenFiles">File descriptors, sockets and pipes included.</param>
/// <param name="Threads">Threads of the process.</param>
/// <param name="FilesOnDisk">Files below the folder.</param>
/// <param name="BytesOnDisk">Their lengths; a file with two names counts twice.</param>
internal sealed partial record ProcessSample(
    long ManagedBytes, long NativeBytes, long OpenFiles, long Threads, long FilesOnDisk, long BytesOnDisk)
{
    internal static ProcessSample Take(string folder)
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        var managed = GC.GetTotalMemory(forceFullCollection: true);
        var files = new DirectoryInfo(folder).EnumerateFiles("*", SearchOption.AllDirectories).ToArray();
        return new(
            managed, NativeBytesInUse(), Directory.EnumerateFileSystemEntries("/proc/self/fd").Count(),
            Directory.EnumerateFileSystemEntries("/proc/self/task").Count(), files.Length, files.Sum(LengthOf));
    }

    // Behind the listing a file may be deleted.
    private static long LengthOf(FileInfo file)
    {
        try
        {
            return file.Length;
        }
        catch (FileNotFoundException)
        {
            return 0;
        }
    }

    private static long NativeBytesInUse()
    {
        var info = mallinfo2();
        return (long)(info.InUse + info.Mapped);
    }

    [LibraryImport("libc")]
    private static partial AllocatorFacts mallinfo2();

    // struct mallinfo2 of malloc.h: ten numbers of the size of a pointer.
    [StructLayout(LayoutKind.Sequential)]
    private readonly struct AllocatorFacts
    {
        private readonly nuint _arena;
        private readonly nuint _freeChunks;
        private readonly nuint _fastChunks;
        private readonly nuint _mappedBlocks;
        public readonly nuint Mapped;
        private readonly nuint _peak;
        private readonly nuint _fastBytes;
        public readonly nuint InUse;
        private readonly nuint _freeBytes;
        private readonly nuint _trimmable;
    }
}
