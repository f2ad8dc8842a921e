using System.Diagnostics;

namespace Checkpointing.Tests.Storage;

/// <summary>A small file system in a file, mounted for one test where the machine lets us: Linux, as root, with the
/// tools of the file system.</summary>
internal sealed class LoopVolume : IDisposable
{
    private const int ToolLimitMs = 60_000;

    private readonly TemporaryFolder _folder;

    private LoopVolume(TemporaryFolder folder) => _folder = folder;

    public string Path => _folder.File("mount");

    /// <summary>Makes and mounts one.</summary>
    /// <param name="kind">As in <c>mkfs.xfs</c>.</param>
    /// <param name="sizeBytes">Its size; the image is sparse.</param>
    /// <param name="whyNot">Why there is none.</param>
    public static LoopVolume? TryMount(string kind, long sizeBytes, out string whyNot)
    {
        if (!OperatingSystem.IsLinux() || Environment.UserName != "root")
        {
            whyNot = "only root of a Linux machine can mount";
            return null;
        }

        var volume = new LoopVolume(new());
        var image = volume._folder.File("image");
        using (var file = new FileStream(image, FileMode.CreateNew))
        {
            file.SetLength(sizeBytes);
        }

        Directory.CreateDirectory(volume.Path);
        if (Run(out whyNot, $"mkfs.{kind}", "-q", image) && Run(out whyNot, "mount", "-o", "loop", image, volume.Path))
        {
            return volume;
        }

        volume._folder.Dispose();
        return null;
    }

    /// <summary>Whether the file system says that blocks of a file are also another's.</summary>
    public static bool SharesBlocks(string path)
    {
        Run(out var extents, "filefrag", "-s", "-v", path).Should().BeTrue(extents);
        return extents.Contains("shared", StringComparison.Ordinal);
    }

    /// <summary>Runs a tool.</summary>
    /// <param name="output">What it said, or why it did not run.</param>
    /// <param name="command">Its name and arguments.</param>
    public static bool Run(out string output, params string[] command)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(command[0], command[1..])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
            var error = process.StandardError.ReadToEndAsync();
            output = process.StandardOutput.ReadToEnd() + error.GetAwaiter().GetResult();
            if (!process.WaitForExit(ToolLimitMs))
            {
                process.Kill();
                output = $"{command[0]} did not end";
                return false;
            }

            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            output = $"{command[0]}: {e.Message}";
            return false;
        }
    }

    public void Dispose()
    {
        Run(out var output, "umount", Path).Should().BeTrue(output);
        _folder.Dispose();
    }
}
