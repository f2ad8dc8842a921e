using System.Runtime.InteropServices;

namespace Checkpointing.Storage.Local.Native;

/// <summary>Tells one folder from another that later has its path: device, inode and time of birth.</summary>
/// <param name="Device">Major and minor number of the device.</param>
/// <param name="Inode">Used again once the folder is gone.</param>
/// <param name="BornAt">Nanoseconds since 1970; steps of some milliseconds.</param>
internal readonly partial record struct FolderIdentity(ulong Device, ulong Inode, long BornAt)
{
    private const int AtWorkingDirectory = -100;
    private const uint DoNotFollow = 0x100;
    private const uint WantsInode = 0x100;
    private const uint WantsModification = 0x40;
    private const uint WantsBirth = 0x800;
    private const uint Wanted = WantsInode | WantsModification | WantsBirth;

    /// <summary>Looks at a folder.</summary>
    /// <param name="folder">Its path.</param>
    /// <param name="identity">Which one it is.</param>
    /// <param name="modifiedAt">When a name in it last came or went, by the file system's clock; nanoseconds since
    /// 1970.</param>
    /// <returns>False if it is not there, or the system or file system does not say when it was born.</returns>
    public static bool TryRead(string folder, out FolderIdentity identity, out long modifiedAt)
    {
        (identity, modifiedAt) = (default, 0);
        if (!OperatingSystem.IsLinux())
        {
            return false;
        }

        try
        {
            if (Read(AtWorkingDirectory, folder, DoNotFollow, Wanted, out var facts) != 0
                || (facts.Mask & Wanted) != Wanted)
            {
                return false;
            }

            identity = new(((ulong)facts.DeviceMajor << 32) | facts.DeviceMinor, facts.Inode, facts.Birth.Nanoseconds);
            modifiedAt = facts.Modification.Nanoseconds;
            return true;
        }
        catch (EntryPointNotFoundException)
        {
            // A C library older than the call.
            return false;
        }
    }

    // SAFETY: a string, copied for the length of the call, and room for the 256 bytes that the call writes.
    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Read(int folder, string path, uint flags, uint wanted, out Facts facts);

    [StructLayout(LayoutKind.Sequential)]
    private struct Time
    {
        public long Seconds;
        public uint Fraction;
        private readonly int _reserved;

        public readonly long Nanoseconds => (Seconds * 1_000_000_000) + Fraction;
    }

    // The kernel's layout (statx in linux/stat.h), the same on every processor.
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct Facts
    {
        [FieldOffset(0)]
        public uint Mask;

        [FieldOffset(32)]
        public ulong Inode;

        [FieldOffset(80)]
        public Time Birth;

        [FieldOffset(112)]
        public Time Modification;

        [FieldOffset(136)]
        public uint DeviceMajor;

        [FieldOffset(140)]
        public uint DeviceMinor;
    }
}
