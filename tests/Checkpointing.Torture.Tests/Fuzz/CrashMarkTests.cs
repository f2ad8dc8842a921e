using Checkpointing.Torture.Fuzz;

namespace Checkpointing.Torture.Tests.Fuzz;

public sealed class CrashMarkTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("crash-mark-").FullName;

    [Fact]
    public void TakeLeft_RunThatEndedInOrder_Nothing()
    {
        using (var mark = new CrashMark(_folder, 5))
        {
            mark.Begin(17);
        }

        CrashMark.TakeLeft(_folder).Should().BeEmpty();
    }

    [Fact]
    public void TakeLeft_RunThatGoesOn_IsLeftAlone()
    {
        using var mark = new CrashMark(_folder, 5);
        mark.Begin(17);

        CrashMark.TakeLeft(_folder).Should().BeEmpty();
        Directory.GetFiles(_folder).Should().ContainSingle();
    }

    [Fact]
    public void TakeLeft_RunThatDied_NamesItsInputOnce()
    {
        // What a run leaves: its file, with nobody who holds it.
        File.WriteAllBytes(
            Path.Combine(_folder, "running-x"), [.. BitConverter.GetBytes(5UL), .. BitConverter.GetBytes(17L)]);

        CrashMark.TakeLeft(_folder).Should().Equal((5UL, 17L));
        CrashMark.TakeLeft(_folder).Should().BeEmpty();
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
