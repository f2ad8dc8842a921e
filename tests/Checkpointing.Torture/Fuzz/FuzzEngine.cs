using System.Diagnostics;
using System.Globalization;

namespace Checkpointing.Torture.Fuzz;

/// <summary>Makes inputs from a seed and judges what a reader does with each.</summary>
/// <remarks>Input i follows from the run's seed, i and the corpus alone.</remarks>
internal sealed class FuzzEngine(ulong seed, FuzzCorpus corpus, FuzzTarget? target = null)
{
    private const int MaxFailures = 20;

    private readonly FuzzTarget _target = target ?? FuzzTarget.Metadata;
    private readonly int _shares = (target ?? FuzzTarget.Metadata).Mutators.Sum(static one => one.Share);
    private readonly Dictionary<string, long> _inputsByMutator = [];
    private readonly long[] _outcomes = new long[Enum.GetValues<FuzzOutcome>().Length];
    private readonly SortedDictionary<string, long> _acceptedByFormat = [];
    private long _nativeRefusals;
    private string? _firstNativeRefusal;
    private TimeSpan _slowest;
    private long _slowestIndex;
    private double _largestShareOfMemory;
    private long _largestShareIndex;

    /// <summary>Folder for inputs that fail; null = they are not kept.</summary>
    internal string? SaveFolder { get; init; }

    /// <summary>Called before each input, so that a watcher knows what is going on.</summary>
    internal Action<long>? Starting { get; init; }

    /// <summary>The command that replays an input.</summary>
    internal static string ReplayOf(ulong seed, long index, string target = "metadata") => string.Create(
        CultureInfo.InvariantCulture,
        $"{Replays.Command} fuzz {(target == "metadata" ? "" : $"--target {target} ")}--replay {seed}:{index}");

    /// <summary>Makes one input.</summary>
    internal byte[] Make(long index, out string mutator)
    {
        var random = new FuzzRandom(seed, (ulong)index);
        var mutators = _target.Mutators;
        var at = random.Below(_shares);
        var chosen = 0;
        while (at >= mutators[chosen].Share)
        {
            at -= mutators[chosen++].Share;
        }

        mutator = mutators[chosen].Name;
        return mutators[chosen].Mutate(random, corpus);
    }

    /// <summary>Checks some inputs.</summary>
    internal TortureReport Run(long firstIndex, long count)
    {
        var report = new TortureReport("fuzz", seed);
        var started = Stopwatch.GetTimestamp();
        var done = 0L;
        for (; done < count && report.Failures.Count < MaxFailures; done++)
        {
            Starting?.Invoke(firstIndex + done);
            CheckOne(firstIndex + done, report);
        }

        report.Set("target", _target.Name);
        report.Set("inputs", done);
        report.Set("accepted", _outcomes[(int)FuzzOutcome.Accepted]);
        report.Set("corrupt", _outcomes[(int)FuzzOutcome.Corrupt]);
        report.Set("unsupported", _outcomes[(int)FuzzOutcome.Unsupported]);
        report.Set("failed", _outcomes[(int)FuzzOutcome.Failed]);
        report.Set("acceptedButNotHeldByNative", _nativeRefusals);
        if (_firstNativeRefusal is not null)
        {
            report.Set("firstNotHeldByNative", _firstNativeRefusal);
        }

        foreach (var (format, accepted) in _acceptedByFormat)
        {
            report.Set($"accepted.{format}", accepted);
        }

        foreach (var (mutator, inputs) in _inputsByMutator.OrderBy(static one => one.Key, StringComparer.Ordinal))
        {
            report.Set($"mutator.{mutator}", inputs);
        }

        report.Set("slowestMilliseconds", Math.Round(_slowest.TotalMilliseconds, 3));
        report.Set("slowestIndex", _slowestIndex);
        report.Set("largestShareOfAllowedMemory", Math.Round(_largestShareOfMemory, 4));
        report.Set("largestShareIndex", _largestShareIndex);
        report.Set("corpusFiles", corpus.Seeds.Length);
        report.Set("corpusFingerprint", corpus.Fingerprint);
        report.Set("seconds", Math.Round(Stopwatch.GetElapsedTime(started).TotalSeconds, 1));
        return report;
    }

    private void CheckOne(long index, TortureReport report)
    {
        var input = Make(index, out var mutator);
        var verdict = _target.Check(input);
        _inputsByMutator[mutator] = _inputsByMutator.GetValueOrDefault(mutator) + 1;
        _outcomes[(int)verdict.Outcome]++;
        _nativeRefusals += verdict.NativeRefusal is null ? 0 : 1;
        _firstNativeRefusal ??= verdict.NativeRefusal is { } refusal ? $"{seed}:{index}: {refusal}" : null;
        if (verdict is { Outcome: FuzzOutcome.Accepted, Format: { } format })
        {
            _acceptedByFormat[format.ToString()] = _acceptedByFormat.GetValueOrDefault(format.ToString()) + 1;
        }

        if (verdict.Elapsed > _slowest)
        {
            (_slowest, _slowestIndex) = (verdict.Elapsed, index);
        }

        var share = (double)verdict.AllocatedBytes / _target.MaxAllocatedBytes(input.Length);
        if (share > _largestShareOfMemory)
        {
            (_largestShareOfMemory, _largestShareIndex) = (share, index);
        }

        if (verdict.Problem is { } problem)
        {
            var saved = Save(input, index);
            report.Add(new(
                $"input {seed}:{index} ({mutator}, {input.Length} bytes{saved}): {problem}",
                ReplayOf(seed, index, _target.Name)));
        }
    }

    private string Save(byte[] input, long index)
    {
        if (SaveFolder is null)
        {
            return "";
        }

        Directory.CreateDirectory(SaveFolder);
        var name = string.Create(CultureInfo.InvariantCulture, $"{seed}-{index}.{_target.Name}");
        var path = Path.Combine(SaveFolder, name);
        File.WriteAllBytes(path, input);
        return $", kept as {path}";
    }
}
