using Checkpointing.Tool.Tests.Packages;

namespace Checkpointing.Tool.Tests.Inspection;

/// <summary>The scripts of <c>completions</c>, run by the shells that they are for.</summary>
public sealed class CompletionsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Bash_PartOfACommand_IsCompletedAndAPathIsLeftToTheShell()
    {
        File.WriteAllText(_folder["some-file"], "");

        var completed = await RunAsync("bash", ["-c", """
            source <(checkpoints completions bash)
            complete -p checkpoints
            ask() {
                COMP_LINE=$1 COMP_POINT=${#1}
                IFS=' ' read -ra COMP_WORDS <<<"$1"
                COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
                _checkpoints
                printf '%s\n' "${COMPREPLY[@]}"
            }
            ask 'checkpoints verif'
            ask 'checkpoints dump x --for'
            ask 'checkpoints show some-f'
            """]);

        completed.Should().Equal(
            "complete -o filenames -F _checkpoints checkpoints", "verify", "--format", "some-file");
    }

    // As a file of fpath it used to complete nothing the first time.
    [Fact]
    public async Task Zsh_SourcedOrLoadedFromFpath_CompletesTheFirstTime()
    {
        const string Ask = """
            compdef() { print "compdef $*"; }
            compadd() { shift; print -l -- "$@"; }
            _files() { print files; }
            ask() { BUFFER=$1; CURSOR=${#1}; _checkpoints; }
            """;
        var sourced = await RunAsync("zsh", ["-f", "-c", Ask + """

            source <(checkpoints completions zsh)
            ask 'checkpoints verif'
            ask 'checkpoints show some-f'
            """]);
        var loaded = await RunAsync("zsh", ["-f", "-c", Ask + """

            checkpoints completions zsh >_checkpoints
            fpath=($PWD $fpath)
            autoload -Uz _checkpoints
            ask 'checkpoints verif'
            ask 'checkpoints dump x --for'
            """]);

        sourced.Should().Equal("compdef _checkpoints checkpoints", "verify", "files");
        loaded.Should().Equal("verify", "--format");
    }

    [Fact]
    public async Task Fish_PartOfACommand_IsCompletedAndAPathIsLeftToTheShell()
    {
        File.WriteAllText(_folder["some-file"], "");

        var completed = await RunAsync("fish", ["--no-config", "-c", """
            checkpoints completions fish | source
            complete -C 'checkpoints verif'
            complete -C 'checkpoints dump x --for'
            complete -C 'checkpoints show some-f'
            """]);

        completed.Should().Equal("verify", "--format", "some-file");
    }

    /// <summary>Lines that a shell prints, with the tool on its path.</summary>
    private async Task<string[]> RunAsync(string shell, IEnumerable<string> arguments)
    {
        Assert.SkipUnless(
            (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(
                folder => File.Exists(Path.Combine(folder, shell))),
            $"The Debian package '{shell}' is not installed: its script was not run.");
        var tool = Path.Combine(Directory.CreateDirectory(_folder["bin"]).FullName, "checkpoints");
        await File.WriteAllTextAsync(
            tool, $"#!/bin/sh\nexec dotnet '{Path.Combine(AppContext.BaseDirectory, "checkpoints.dll")}' \"$@\"\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(tool, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        var result = await SourceCopy.RunAsync(
            "/usr/bin/env", _folder.Path,
            [$"PATH={_folder["bin"]}:{Environment.GetEnvironmentVariable("PATH")}", shell, .. arguments]);
        result.ExitCode.Should().Be(0, result.Error);
        return result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
