using System.Diagnostics;
using System.Text;

namespace Checkpointing.Tool.Tests;

/// <summary>The built tool, run as a process of its own.</summary>
internal sealed class ToolProcess : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(2);

    private readonly Process _process;
    private readonly Task<string> _output;
    private readonly Task<string> _error;

    private ToolProcess(Process process)
    {
        _process = process;
        _output = process.StandardOutput.ReadToEndAsync();
        _error = process.StandardError.ReadToEndAsync();
    }

    public static ToolProcess Start(params IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(
            "dotnet", [Path.Combine(AppContext.BaseDirectory, "checkpoints.dll"), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
        };
        return new(Process.Start(start)!);
    }

    public static async Task<ToolResult> RunAsync(params IEnumerable<string> arguments)
    {
        using var process = Start(arguments);
        return await process.WaitAsync();
    }

    public bool HasExited => _process.HasExited;

    public int Id => _process.Id;

    /// <summary>SIGKILL: nothing of the process runs any more.</summary>
    public void Kill() => _process.Kill();

    /// <summary>Waits for its end, but not longer.</summary>
    public Task WaitAtMostAsync(TimeSpan time) =>
        _process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(time)
            .ContinueWith(static _ => { }, TaskContinuationOptions.ExecuteSynchronously);

    /// <summary>Waits for its end; kills it at the deadline.</summary>
    public async Task<ToolResult> WaitAsync()
    {
        using var deadline = new CancellationTokenSource(Deadline);
        try
        {
            await _process.WaitForExitAsync(deadline.Token);
        }
        catch (OperationCanceledException)
        {
            _process.Kill();
            throw new TimeoutException($"The tool did not end within {Deadline}: {await _output} {await _error}");
        }

        return new(_process.ExitCode, await _output, await _error);
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.Dispose();
    }
}

/// <summary>How a process ended.</summary>
internal sealed record ToolResult(int ExitCode, string Output, string Error)
{
    /// <summary>Fails unless the process ended with one sentence and nothing else on standard error.</summary>
    public string ShouldFail(int exitCode)
    {
        ExitCode.Should().Be(exitCode, "standard error was: {0}", Error);
        Error.Should().EndWith("\n").And.NotContain("   at ").And.NotContain("Exception:");
        Error.TrimEnd('\n').Should().NotBeEmpty().And.NotContain("\n");
        return Error.TrimEnd('\n');
    }
}
