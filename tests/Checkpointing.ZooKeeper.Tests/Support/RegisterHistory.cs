using Checkpointing.CompletedCheckpoints;

namespace Checkpointing.ZooKeeper.Tests.Support;

/// <summary>One call on a register. Times are a common count.</summary>
/// <param name="Client">Who called.</param>
/// <param name="Begun">When.</param>
/// <param name="Ended">When the answer was there; <see cref="long.MaxValue"/> if it was lost.</param>
/// <param name="Replaces">The version that a replacement expected; null: a read.</param>
/// <param name="Token">What was written, or read; empty: there was no record.</param>
/// <param name="Outcome">Of a replacement.</param>
/// <param name="Version">That a read saw; 0: there was no record.</param>
internal sealed record RegisterCall(
    int Client, long Begun, long Ended, long? Replaces, Guid Token, RegisterReplacement Outcome, long Version);

/// <summary>What several clients did to one register: is there one order, in keeping with time, in which a register by
/// compare-and-set gives these answers?</summary>
internal sealed class RegisterHistory
{
    private readonly Lock _gate = new();
    private readonly List<RegisterCall> _calls = [];
    private readonly Dictionary<Guid, RegisterRecord> _records = [];
    private long _time;

    internal IReadOnlyList<RegisterCall> Calls => _calls;

    internal long Now() => Interlocked.Increment(ref _time);

    internal void Add(RegisterCall call, RegisterRecord? record = null)
    {
        lock (_gate)
        {
            _calls.Add(call);
            if (record is not null)
            {
                _records[record.Token] = record;
            }
        }
    }

    /// <summary>The record that a call wrote.</summary>
    internal RegisterRecord RecordOf(RegisterCall call) => _records[call.Token];

    /// <summary>Searches for such an order.</summary>
    /// <returns>The calls that replaced the record, in order; null if there is none.</returns>
    internal IReadOnlyList<RegisterCall>? FindOrder()
    {
        var calls = _calls.OrderBy(static call => call.Begun).ToArray();
        var order = new List<RegisterCall>();
        return Search(calls, new bool[calls.Length], 0, Guid.Empty, order, []) ? order : null;
    }

    private static bool Search(
        RegisterCall[] calls, bool[] isDone, long version, Guid token, List<RegisterCall> order,
        HashSet<(string, long, Guid)> failed)
    {
        // Next comes a call that began before any other that is left has ended.
        var end = long.MaxValue;
        for (var i = 0; i < calls.Length; i++)
        {
            end = isDone[i] ? end : Math.Min(end, calls[i].Ended);
        }

        if (end == long.MaxValue)
        {
            // Only lost answers are left: these may never have come about.
            return true;
        }

        var key = (string.Create(isDone.Length, isDone, static (text, isDone) =>
        {
            for (var i = 0; i < text.Length; i++)
            {
                text[i] = isDone[i] ? '1' : '0';
            }
        }), version, token);
        if (failed.Contains(key))
        {
            return false;
        }

        for (var i = 0; i < calls.Length && calls[i].Begun < end; i++)
        {
            var call = calls[i];
            if (isDone[i] || !Fits(call, version, token))
            {
                continue;
            }

            var isReplaced = call.Replaces is not null && call.Outcome != RegisterReplacement.Lost;
            isDone[i] = true;
            if (isReplaced)
            {
                order.Add(call);
            }

            if (Search(
                calls, isDone, isReplaced ? version + 1 : version, isReplaced ? call.Token : token, order, failed))
            {
                return true;
            }

            isDone[i] = false;
            if (isReplaced)
            {
                order.RemoveAt(order.Count - 1);
            }
        }

        failed.Add(key);
        return false;
    }

    // A lost answer is taken here only where it replaces; else it stays undone to the end.
    private static bool Fits(RegisterCall call, long version, Guid token) => call switch
    {
        { Replaces: null } => call.Version == version && call.Token == token,
        { Outcome: RegisterReplacement.Lost } => call.Replaces != version,
        _ => call.Replaces == version,
    };
}

/// <summary>Writes down what is done to a register.</summary>
internal sealed class RecordingRegister(ICheckpointRegister inner, RegisterHistory history, int client)
    : ICheckpointRegister
{
    public string Description => inner.Description;

    public async ValueTask<RegisterEntry?> ReadAsync(JobId job, CancellationToken cancellationToken)
    {
        var begun = history.Now();

        // A read that fails has seen nothing and changed nothing.
        var entry = await inner.ReadAsync(job, cancellationToken);
        var token = entry is null ? Guid.Empty : RegisterRecordSerializer.Read(entry.Record, "history").Token;
        history.Add(new(client, begun, history.Now(), null, token, default, entry?.Version ?? 0));
        return entry;
    }

    public async ValueTask<RegisterReplacement> TryReplaceAsync(
        JobId job, long expectedVersion, ReadOnlyMemory<byte> record, CancellationToken cancellationToken)
    {
        var begun = history.Now();
        var written = RegisterRecordSerializer.Read(record, "history");

        // One that throws was definitely not done: if it was, a later read is not to be explained.
        var outcome = await inner.TryReplaceAsync(job, expectedVersion, record, cancellationToken);
        var ended = outcome == RegisterReplacement.Unknown ? long.MaxValue : history.Now();
        history.Add(new(client, begun, ended, expectedVersion, written.Token, outcome, 0), written);
        return outcome;
    }
}
