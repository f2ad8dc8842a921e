using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Http.Json;
using System.Runtime.InteropServices;

namespace Checkpointing.Hosting.Tests.GenericHost;

/// <summary>The web sample as a process of its own, on a port that it chooses.</summary>
internal sealed partial class ServiceProcess : IDisposable
{
    private const int SigTerm = 15;
    private const string Listening = "Now listening on: ";

    private readonly Process _process;
    private readonly HttpClient _client = new();
    private readonly ConcurrentQueue<string> _output = [];
    private readonly TaskCompletionSource<Uri> _address = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ServiceProcess(Process process) => _process = process;

    /// <summary>Starts it and waits until it answers.</summary>
    /// <param name="folder">For all its files.</param>
    /// <param name="total">Readings that there will be.</param>
    /// <param name="deadline">Ends the wait.</param>
    /// <param name="settings">Further settings, as <c>key=value</c>.</param>
    public static async Task<ServiceProcess> StartAsync(
        string folder, long total, CancellationToken deadline, params string[] settings)
    {
        string[] arguments =
        [
            Path.Combine(AppContext.BaseDirectory, "Checkpointing.WebSample.dll"),
            "--urls=http://127.0.0.1:0",
            $"--Checkpointing:FileSystem:Root={folder}/checkpoints",
            $"--Readings:Counter={folder}/counter",
            $"--Readings:Total={total}",
            $"--Readings:Output={folder}/sums.csv",
            .. settings.Select(static setting => "--" + setting),
        ];
        var start = new ProcessStartInfo("dotnet", arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder,
        };
        var process = new Process { StartInfo = start };
        var service = new ServiceProcess(process);
        process.OutputDataReceived += (_, line) => service.OnLine(line.Data);
        process.ErrorDataReceived += (_, line) => service.OnLine(line.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        try
        {
            service._client.BaseAddress = await service._address.Task.WaitAsync(deadline);
        }
        catch (OperationCanceledException)
        {
            service.Dispose();
            throw new TimeoutException($"The service did not begin to listen: {service.Output}");
        }

        return service;
    }

    /// <summary>What it has written so far.</summary>
    public string Output => string.Join('\n', _output);

    /// <summary>Its only job.</summary>
    public async Task<JobView> JobAsync(CancellationToken deadline) =>
        (await _client.GetFromJsonAsync<JobView[]>("/jobs", deadline))!.Should().ContainSingle().Which;

    /// <summary>Answer of its health check: Healthy, Degraded or Unhealthy.</summary>
    public async Task<string> HealthAsync(CancellationToken deadline)
    {
        using var answer = await _client.GetAsync("/health", deadline);
        return await answer.Content.ReadAsStringAsync(deadline);
    }

    /// <summary>Asks it for a savepoint.</summary>
    /// <returns>Path of the savepoint, quoted.</returns>
    public async Task<string> SavepointAsync(string job, CancellationToken deadline)
    {
        using var answer = await _client.PostAsync($"/jobs/{job}/savepoint", null, deadline);
        return $"{(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync(deadline)}";
    }

    /// <summary>Waits until its job looks like this.</summary>
    public async Task<JobView> WaitForJobAsync(Func<JobView, bool> condition, CancellationToken deadline)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        JobView? last = null;
        try
        {
            while (last is null || !condition(last))
            {
                await timer.WaitForNextTickAsync(deadline);
                last = await JobAsync(deadline);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or HttpRequestException)
        {
            throw new TimeoutException($"The job got no further than {last}: {Output}", e);
        }

        return last;
    }

    /// <summary>SIGTERM, as an orchestrator sends it; waits for the end.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> TerminateAsync(CancellationToken deadline)
    {
        Kill(_process.Id, SigTerm).Should().Be(0);
        await _process.WaitForExitAsync(deadline);
        return _process.ExitCode;
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.Dispose();
        _client.Dispose();
    }

    private void OnLine(string? line)
    {
        if (line is null)
        {
            return;
        }

        _output.Enqueue(line);
        if (line.IndexOf(Listening, StringComparison.Ordinal) is var at and >= 0)
        {
            _address.TrySetResult(new(line[(at + Listening.Length)..].Trim()));
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}

/// <summary>A job as the web sample tells it.</summary>
internal sealed record JobView(string Name, string Status, string? Checkpoint, long? Read, string? Failure);
