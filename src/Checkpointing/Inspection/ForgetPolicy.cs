using Checkpointing.StateHandles;

namespace Checkpointing.Inspection;

/// <summary>Which completed checkpoints of a job to keep. A checkpoint is kept if one of the rules keeps it.</summary>
/// <remarks>Whatever the rules say, these are kept: the newest that can be read, since a restart takes it up and a
/// running job builds on it; and every one that cannot be read, unless it is named in <see
/// cref="Unreadable"/>.</remarks>
public sealed record ForgetPolicy
{
    /// <summary>Keep so many of the newest; null: no such rule.</summary>
    public int? KeepLast { get; init; }

    /// <summary>Keep the newest of each of so many hours (UTC) that have one; null: no such rule.</summary>
    public int? KeepHourly { get; init; }

    /// <summary>Keep the newest of each of so many days (UTC) that have one; null: no such rule.</summary>
    public int? KeepDaily { get; init; }

    /// <summary>Keep those with one of these tags.</summary>
    public ValueList<string> KeepTags { get; init; }

    /// <summary>Give up these, which cannot be read.</summary>
    public ValueList<CheckpointId> Unreadable { get; init; }

    private bool HasRules => KeepLast is not null || KeepHourly is not null || KeepDaily is not null
        || KeepTags.Count > 0;

    /// <summary>Decides.</summary>
    /// <param name="retained">The checkpoints that a job's register lists, oldest first.</param>
    /// <returns>A decision for each, in the same order.</returns>
    /// <exception cref="ArgumentException">There is no rule and nothing to give up, a number is negative, or a
    /// checkpoint of <see cref="Unreadable"/> is not there or can be read.</exception>
    public IReadOnlyList<ForgetDecision> Decide(IReadOnlyList<StoredCheckpoint> retained)
    {
        ArgumentNullException.ThrowIfNull(retained);
        if (!HasRules && Unreadable.Count == 0)
        {
            throw new ArgumentException(
                "Say what to keep: without a rule every checkpoint but the newest would be forgotten.");
        }

        if (Math.Min(Math.Min(KeepLast ?? 0, KeepHourly ?? 0), KeepDaily ?? 0) < 0)
        {
            throw new ArgumentException("A number of checkpoints to keep is at least 0.");
        }

        foreach (var id in Unreadable)
        {
            if (!retained.Any(one => one.Id == id && one.Problem is not null))
            {
                throw new ArgumentException(retained.Any(one => one.Id == id)
                    ? $"Checkpoint {id} can be read; only one that cannot is given up like this."
                    : $"The register lists no checkpoint {id}.");
            }
        }

        var readable = retained.Where(static one => one.Problem is null).ToList();
        var reasons = new Dictionary<string, string>(StringComparer.Ordinal);
        if (readable is [.., var newest])
        {
            reasons[newest.Path] = "the newest that can be read";
        }

        Keep(reasons, readable);
        return [.. retained.Select(one => Decide(one, reasons))];
    }

    private ForgetDecision Decide(StoredCheckpoint checkpoint, Dictionary<string, string> reasons)
    {
        if (checkpoint.Problem is not null)
        {
            return Unreadable.Contains(checkpoint.Id ?? CheckpointId.None)
                ? new(checkpoint, IsKept: false, "given up: it cannot be read")
                : new(checkpoint, IsKept: true, "it cannot be read; name it to give it up");
        }

        return reasons.TryGetValue(checkpoint.Path, out var why) ? new(checkpoint, IsKept: true, why)
            : HasRules ? new(checkpoint, IsKept: false, "no rule keeps it")
            : new(checkpoint, IsKept: true, "it can be read");
    }

    private void Keep(Dictionary<string, string> reasons, List<StoredCheckpoint> readable)
    {
        foreach (var one in readable.TakeLast(KeepLast ?? 0))
        {
            reasons.TryAdd(one.Path, $"one of the last {KeepLast}");
        }

        KeepOnePer(reasons, readable, KeepHourly, "hour",
            static time => time.UtcDateTime.Ticks / TimeSpan.TicksPerHour);
        KeepOnePer(reasons, readable, KeepDaily, "day", static time => time.UtcDateTime.Ticks / TimeSpan.TicksPerDay);
        foreach (var one in readable)
        {
            if (one.Tags.FirstOrDefault(tag => KeepTags.Contains(tag)) is { } tag)
            {
                reasons.TryAdd(one.Path, $"tagged '{tag}'");
            }
        }
    }

    private static void KeepOnePer(
        Dictionary<string, string> reasons,
        List<StoredCheckpoint> readable,
        int? count,
        string unit,
        Func<DateTimeOffset, long> slotOf)
    {
        var newestOfSlots = readable.Where(static one => one.TriggeredAt is not null)
            .GroupBy(one => slotOf(one.TriggeredAt!.Value)).OrderByDescending(static slot => slot.Key)
            .Take(count ?? 0).Select(static slot => slot.MaxBy(static one => one.TriggeredAt)!);
        foreach (var one in newestOfSlots)
        {
            reasons.TryAdd(one.Path, $"the newest of its {unit}");
        }
    }
}

/// <summary>What is to become of one checkpoint.</summary>
/// <param name="Checkpoint">It.</param>
/// <param name="IsKept">Whether it stays in the list.</param>
/// <param name="Why">The rule, in a few words.</param>
public sealed record ForgetDecision(StoredCheckpoint Checkpoint, bool IsKept, string Why);
