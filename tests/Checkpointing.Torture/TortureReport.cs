using System.Globalization;
using System.Text.Json;

namespace Checkpointing.Torture;

/// <summary>What a run found: counters by name, in the order in which they were first set, and failures.</summary>
/// <param name="command">Name of the command.</param>
/// <param name="seed">Seed of the run; 0 for commands without one.</param>
internal sealed class TortureReport(string command, ulong seed)
{
    private readonly Dictionary<string, object> _counters = [];
    private readonly List<TortureFailure> _failures = [];

    /// <summary>What failed.</summary>
    internal IReadOnlyList<TortureFailure> Failures => _failures;

    /// <summary>0 if nothing failed, 1 otherwise.</summary>
    internal int ExitCode => _failures.Count == 0 ? 0 : 1;

    /// <summary>Sets a counter, a measured figure or a text.</summary>
    internal void Set(string name, object value) => _counters[name] = value;

    /// <summary>Adds a failure.</summary>
    internal void Add(TortureFailure failure) => _failures.Add(failure);

    /// <summary>One line of JSON.</summary>
    internal string ToJson() => JsonSerializer.Serialize(new
    {
        command,
        seed,
        passed = _failures.Count == 0,
        counters = _counters,
        failures = _failures,
    });

    /// <summary>Writes the result, for people or as JSON.</summary>
    internal void Print(TextWriter output, bool asJson)
    {
        if (asJson)
        {
            output.WriteLine(ToJson());
            return;
        }

        output.WriteLine($"{command}, seed {seed}: {(_failures.Count == 0 ? "passed" : "FAILED")}");
        foreach (var (name, value) in _counters)
        {
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {name}: {value}"));
        }

        foreach (var failure in _failures)
        {
            output.WriteLine($"FAILED: {failure.What}");
            output.WriteLine($"  replay: {failure.Replay}");
        }
    }
}

/// <summary>One failure.</summary>
/// <param name="What">What should hold and did not.</param>
/// <param name="Replay">The command that shows it again.</param>
internal sealed record TortureFailure(string What, string Replay);
