using System.Diagnostics;

namespace Checkpointing.Torture.ExactlyOnce;

/// <summary>A life as another process of this program.</summary>
internal static class LifeProcess
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(120);

    /// <summary>Starts a process and listens to it until it ends.</summary>
    /// <param name="arguments">For a hidden command of this program; its exit code is a
    /// <see cref="LifeEnd"/>.</param>
    /// <param name="onLine">Gets each line of its standard output.</param>
    /// <param name="onStarted">Gets the process, to kill it; null: nobody does.</param>
    /// <exception cref="TimeoutException">It does not end; it was killed.</exception>
    /// <exception cref="InvalidOperationException">It ended in a way that no life should.</exception>
    internal static async Task<LifeEnd> RunAsync(
        IReadOnlyList<string> arguments, Action<string> onLine, Action<Process>? onStarted = null)
    {
        var program = Path.Combine(AppContext.BaseDirectory, "Checkpointing.Torture.dll");
        using var process = Process.Start(new ProcessStartInfo("dotnet", [program, .. arguments])
        {
            RedirectStandardInput = true, // what listens to it ends with us
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        })!;
        var errors = process.StandardError.ReadToEndAsync();
        using var limit = new CancellationTokenSource(s_limit);
        onStarted?.Invoke(process);
        try
        {
            while (await process.StandardOutput.ReadLineAsync(limit.Token).ConfigureAwait(false) is { } line)
            {
                onLine(line);
            }

            await process.WaitForExitAsync(limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            Kill(process);
            throw new TimeoutException($"A life did not end within {s_limit}.");
        }

        var end = (LifeEnd)process.ExitCode;
        return Enum.IsDefined(end)
            ? end
            : throw new InvalidOperationException(
                $"A life ended with exit code {process.ExitCode}: {await errors.ConfigureAwait(false)}");
    }

    /// <summary>SIGKILL, unless it has ended by itself meanwhile.</summary>
    internal static void Kill(Process process)
    {
        try
        {
            process.Kill();
        }
        catch (InvalidOperationException)
        {
        }
    }
}
