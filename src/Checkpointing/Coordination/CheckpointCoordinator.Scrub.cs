using Checkpointing.CompletedCheckpoints;
using Checkpointing.Storage;

namespace Checkpointing.Coordination;

/// <content>Reads retained files again behind the job.</content>
public sealed partial class CheckpointCoordinator
{
    // So that a small state is not read all the time.
    private static readonly TimeSpan s_pauseAfterScrub = TimeSpan.FromMinutes(1);

    private readonly CancellationTokenSource _scrubEnd = new();
    private readonly List<ScrubProblem> _damaged = [];
    private Task _scrubbing = Task.CompletedTask;

    /// <summary>Files of retained checkpoints that the last complete scrub, or the present one so far, found damaged;
    /// for a health check. Empty without <see cref="CheckpointCoordinatorOptions.ScrubBytesPerSecond"/>.</summary>
    /// <remarks>A later restore needs them: take a checkpoint that stores everything anew, on another volume best, or a
    /// canonical savepoint, while the job still runs.</remarks>
    public IReadOnlyList<ScrubProblem> DamagedFiles
    {
        get
        {
            lock (_damaged)
            {
                return [.. _damaged];
            }
        }
    }

    private void StartScrub()
    {
        if (_options.ScrubBytesPerSecond is not { } bytesPerSecond || !_scrubbing.IsCompleted)
        {
            return;
        }

        var scrub = new CheckpointScrub(_storage, () => Retained, new ByteRateLimit(bytesPerSecond, _time));
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _scrubbing = ended.Task;
        _scheduler.Schedule(async () =>
        {
            try
            {
                await ScrubAsync(scrub, _scrubEnd.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
            }
            finally
            {
                ended.SetResult();
            }
        });
    }

    private async Task ScrubAsync(CheckpointScrub scrub, CancellationToken cancellationToken)
    {
        while (true)
        {
            var known = DamagedFiles.Select(static problem => problem.Path).ToHashSet();
            var report = await scrub.RunPassAsync(
                problem =>
                {
                    if (known.Add(problem.Path))
                    {
                        _logger.RetainedFileDamaged(
                            _topology.Job, problem.Path, problem.Kind, string.Join(", ", problem.Checkpoints),
                            problem.Detail);
                        lock (_damaged)
                        {
                            _damaged.Add(problem);
                        }
                    }
                },
                cancellationToken).ConfigureAwait(false);
            lock (_damaged)
            {
                _damaged.Clear();
                _damaged.AddRange(report.Problems);
            }

            _logger.ScrubEnded(_topology.Job, report.Files, report.Bytes, report.Problems.Count);
            await Task.Delay(s_pauseAfterScrub, _time, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task StopScrubAsync()
    {
        await _scrubEnd.CancelAsync().ConfigureAwait(false);
        await _scrubbing.ConfigureAwait(false);
    }
}
