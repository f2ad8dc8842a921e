using Checkpointing.Hosting.Operators;

namespace Checkpointing.Testing.Operators;

/// <summary>The call of an operator's code that is going on, and what the operator must not do.</summary>
/// <remarks>One instance a subtask.</remarks>
internal sealed class OperatorCall<TKey>
{
    private string? _breach;

    public HandedOutValues Values { get; } = new();

    /// <summary>Whether a call is going on, in which records may be emitted.</summary>
    public bool IsOpen { get; private set; }

    /// <summary>Whether a record or timer is handled.</summary>
    public bool HasKey { get; private set; }

    /// <summary>Its key.</summary>
    public TKey? Key { get; private set; }

    /// <summary>Calls the operator's code for a record or timer.</summary>
    /// <exception cref="ConformanceException">It changed an object of its state without setting it.</exception>
    public void Run(string name, TKey key, Action code)
    {
        (HasKey, Key) = (true, key);
        RunChecked($"{name} for key '{key}'", code);
    }

    /// <summary>Calls the operator's code for no key.</summary>
    /// <exception cref="ConformanceException">It changed an object of its state without setting it.</exception>
    public void Run(string name, Action code)
    {
        (HasKey, Key) = (false, default);
        RunChecked(name, code);
    }

    /// <summary>A record was emitted outside a call.</summary>
    public void AddStrayRecord() => _breach ??=
        $"The operator emitted a record outside {nameof(KeyedOperator<,,>.Process)} and "
        + $"{nameof(KeyedOperator<,,>.OnTimer)}, for example when it was disposed. No checkpoint covers such a record: "
        + "it is lost or comes twice.";

    /// <summary>Tells of what happened outside a call.</summary>
    /// <exception cref="ConformanceException">There was a breach.</exception>
    public void ThrowIfBreached()
    {
        if (_breach is { } breach)
        {
            throw new ConformanceException(breach);
        }
    }

    private void RunChecked(string what, Action code)
    {
        Values.Forget();
        IsOpen = true;
        try
        {
            code();
        }
        finally
        {
            IsOpen = false;
        }

        if (Values.FindChanged() is { } change)
        {
            throw new ConformanceException(
                $"{what} changed an object that {change} Stored values count as immutable: a change takes effect when "
                + "it is set.");
        }
    }
}
