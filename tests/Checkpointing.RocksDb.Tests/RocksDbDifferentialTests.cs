using System.Text;
using Checkpointing.KeyGroups;
using Checkpointing.State;
using Checkpointing.StateHandles;
using CsCheck;
using static Checkpointing.RocksDb.Tests.RocksDbTestBed;

namespace Checkpointing.RocksDb.Tests;

/// <summary>Random histories of writes, checkpoints, aborts and restores, held against a dictionary.</summary>
public sealed class RocksDbDifferentialTests
{
    [Theory]
    [InlineData(RocksDbSnapshotMode.Incremental, 16)]
    [InlineData(RocksDbSnapshotMode.Full, 4)]
    public async Task Backend_RandomHistory_EqualsADictionary(RocksDbSnapshotMode mode, int seedCount)
    {
        for (var seed = 1; seed <= seedCount; seed++)
        {
            var history = new History(mode, (uint)seed);
            try
            {
                await history.RunAsync();
            }
            catch (Exception exception)
            {
                throw new InvalidOperationException($"mode {mode}, seed {seed}, {history.Trace}", exception);
            }
            finally
            {
                await history.DisposeAsync();
            }
        }
    }

    private sealed class History(RocksDbSnapshotMode mode, uint seed) : IAsyncDisposable
    {
        private const int StepCount = 20;

        private readonly RocksDbTestBed _bed = new(mode, writeBufferSizeBytes: 64 << 10);
        private readonly PCG _random = new(seed);
        private readonly HashSet<SharedStateKey> _givenUp = [];
        private readonly StringBuilder _trace = new();
        private Dictionary<string, string> _rows = [];
        private KeyedStateBackend _backend = null!;
        private (Taken Taken, Dictionary<string, string> Rows)? _confirmed;

        public string Trace => _trace.ToString();

        public async Task RunAsync()
        {
            _backend = await _bed.OpenAsync();
            for (var step = 0; step < StepCount; step++)
            {
                await StepAsync(Next(10));
                Rows(_backend).Should().Equal(_rows);
            }
        }

        public async ValueTask DisposeAsync()
        {
            await _backend.DisposeAsync();
            _bed.Dispose();
        }

        private int Next(int count) => (int)_random.Next((uint)count);

        private async Task StepAsync(int choice)
        {
            switch (choice)
            {
                case < 4:
                    Write(Next(400));
                    break;
                case < 7:
                    await CheckpointAsync();
                    break;
                case 7:
                    await AbortAsync();
                    break;
                case 8:
                    await RestoreAsync(isForeign: false);
                    break;
                default:
                    await RestoreAsync(isForeign: Next(2) == 0);
                    await RescaleAndBackAsync();
                    break;
            }
        }

        private void Write(int count)
        {
            _trace.Append($"w{count} ");
            var table = _backend.GetTable("counts");
            for (var i = 0; i < count; i++)
            {
                var key = Key($"{Next(150)}");
                var name = Convert.ToHexString(key);
                var value = Encoding.UTF8.GetBytes(new string((char)('a' + Next(26)), Next(60)));
                switch (Next(5))
                {
                    case 0:
                        table.Delete(key);
                        _rows.Remove(name);
                        break;
                    case < 3:
                        table.Append(key, value);
                        _rows[name] = _rows.GetValueOrDefault(name, "") + Convert.ToHexString(value);
                        break;
                    default:
                        table.Put(key, value);
                        _rows[name] = Convert.ToHexString(value);
                        break;
                }
            }
        }

        private async Task CheckpointAsync()
        {
            var kind = Next(5) switch
            {
                0 => CheckpointKind.FullCheckpoint,
                1 => CheckpointKind.Savepoint,
                _ => CheckpointKind.Checkpoint,
            };
            _trace.Append($"c{kind} ");
            var taken = await TakeAsync(kind, isConfirmed: kind != CheckpointKind.Savepoint);
            _trace.Append(taken.Handle is IncrementalKeyedStateHandle ? "n " : "");
            if (kind == CheckpointKind.Savepoint)
            {
                await using var restored = await _bed.OpenAsync(HandlesOf(taken));
                Rows(restored).Should().Equal(_rows);
                if (taken.Handle is IncrementalKeyedStateHandle && Next(2) == 0)
                {
                    // The job goes on from it, as a claim or not.
                    _confirmed = (taken, new(_rows));
                    await RestoreAsync(isForeign: Next(2) == 0);
                    _confirmed = (await TakeAsync(CheckpointKind.Checkpoint, isConfirmed: true), new(_rows));
                }
            }
            else
            {
                _confirmed = (taken, new(_rows));
            }
        }

        private async Task AbortAsync()
        {
            _trace.Append("a ");
            var taken = await TakeAsync(CheckpointKind.Checkpoint, isConfirmed: false);
            _backend.NotifyAborted(taken.Id);
        }

        private async Task<Taken> TakeAsync(CheckpointKind kind, bool isConfirmed)
        {
            var taken = await _bed.TakeAsync(_backend, _confirmed?.Taken.Id, kind, isConfirmed,
                Next(2) == 0 ? SavepointFormat.Native : SavepointFormat.Canonical);
            if (taken.Result.Handle is IncrementalKeyedStateHandle sent)
            {
                sent.SharedFiles.Select(sent.KeyOf).Should()
                    .NotIntersectWith(_givenUp, "what was given up is never named again");
            }

            _givenUp.UnionWith(taken.Result.GivenUp);
            return taken;
        }

        private async Task RestoreAsync(bool isForeign)
        {
            _trace.Append(isForeign ? "f " : "r ");
            await _backend.DisposeAsync();
            _rows = _confirmed is { } confirmed ? new(confirmed.Rows) : [];
            _backend = await _bed.OpenAsync(
                HandlesOf(_confirmed?.Taken), restoredCheckpoint: _confirmed?.Taken.Id
                    ?? default, isForeign: isForeign);

            // A new attempt: what the one before had uploaded and not confirmed is not its business.
            _givenUp.Clear();
        }

        private async Task RescaleAndBackAsync()
        {
            _trace.Append("s ");
            var parts = 1 + Next(4);
            var handles = new List<KeyedStateHandle>();
            for (var subtask = 0; subtask < parts; subtask++)
            {
                var range = KeyGroupAssignment.RangeOf(subtask, parts, MaxParallelism);
                await using var part = await _bed.OpenAsync(HandlesOf(_confirmed?.Taken), range);
                handles.AddRange(HandlesOf(await _bed.TakeAsync(part)));
            }

            await using var whole = await _bed.OpenAsync(handles);
            Rows(whole).Should().Equal(_rows);
        }

        private static List<KeyedStateHandle> HandlesOf(Taken? taken) => taken?.Handle is { } handle ? [handle] : [];
    }
}
