// The native library is found by looking for its file; no stored data is touched here.
#pragma warning disable RS0030

using System.Reflection;
using System.Runtime.InteropServices;

namespace Checkpointing.RocksDb.Native;

/// <summary>Finds the native library that the RocksDB package brings.</summary>
/// <remarks>Looks only where the application's own files are, never in the current directory or where the system keeps
/// its
/// libraries: another version of RocksDB would be loaded without a word.</remarks>
internal static class RocksDbLibraryFile
{
    internal const string ImportName = "checkpointing-rocksdb";

    internal static void Register() =>
        NativeLibrary.SetDllImportResolver(typeof(RocksDbLibraryFile).Assembly, Resolve);

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? searchPath)
    {
        if (name != ImportName)
        {
            return 0;
        }

        var tried = new List<string>();
        foreach (var fileName in FileNames())
        {
            foreach (var folder in Folders())
            {
                var path = Path.Combine(folder, fileName);
                if (File.Exists(path))
                {
                    tried.Add(path);
                    if (NativeLibrary.TryLoad(path, out var handle))
                    {
                        return handle;
                    }
                }
            }
        }

        throw new DllNotFoundException(
            "RocksDB's native library could not be loaded. "
            + (tried.Count == 0
                ? $"No {string.Join(" or ", FileNames())} lies in {string.Join(", ", Folders())}; "
                    + $"the package RocksDB has none for '{RuntimeInformation.RuntimeIdentifier}' or was not published."
                : $"Tried {string.Join(", ", tried)}; on Linux it needs glibc 2.34 or newer, or musl."));
    }

    private static string[] FileNames() =>
        OperatingSystem.IsWindows() ? ["rocksdb.dll"]
        : OperatingSystem.IsMacOS() ? ["librocksdb.dylib"]
        : RuntimeInformation.RuntimeIdentifier.Contains("musl", StringComparison.Ordinal)
            ? ["librocksdb-musl.so", "librocksdb.so"]
            : ["librocksdb.so", "librocksdb-musl.so"];

    private static IEnumerable<string> Folders()
    {
        var system = OperatingSystem.IsWindows() ? "win" : OperatingSystem.IsMacOS() ? "osx" : "linux";
        var architecture = RuntimeInformation.ProcessArchitecture switch
        {
            Architecture.X64 => "x64",
            Architecture.Arm64 => "arm64",
            var other => other.ToString(),
        };

        yield return Path.Combine(AppContext.BaseDirectory, "runtimes", $"{system}-{architecture}", "native");
        yield return AppContext.BaseDirectory;
        if (AppContext.GetData("NATIVE_DLL_SEARCH_DIRECTORIES") is string folders)
        {
            foreach (var folder in folders.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries))
            {
                yield return folder;
            }
        }
    }
}
