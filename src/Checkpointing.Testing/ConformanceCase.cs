namespace Checkpointing.Testing;

/// <summary>One demand of a contract, as a test without a framework: run it, and it throws if it is not met.</summary>
/// <typeparam name="T">The contract, for example <see cref="Checkpointing.Storage.ICheckpointStorage"/>.</typeparam>
/// <remarks>Cases share nothing and may run at the same time, each on a component of its own.</remarks>
public sealed class ConformanceCase<T>
    where T : class
{
    private readonly Func<T, CancellationToken, Task> _run;

    internal ConformanceCase(string name, Func<T, CancellationToken, Task> run)
    {
        Name = name;
        _run = run;
    }

    /// <summary>The demand in a few words; unique among the cases of a contract.</summary>
    public string Name { get; }

    /// <summary>Runs the case.</summary>
    /// <param name="make">Makes a fresh, empty component. It is disposed after the case, if it can be.</param>
    /// <param name="cancellationToken">Ends the case early.</param>
    /// <exception cref="ConformanceException">The demand is not met.</exception>
    public Task RunAsync(Func<T> make, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(make);
        return RunAsync(() => new ValueTask<T>(make()), cancellationToken);
    }

    /// <inheritdoc cref="RunAsync(Func{T}, CancellationToken)"/>
    public async Task RunAsync(Func<ValueTask<T>> make, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(make);
        var component = await make().ConfigureAwait(false);
        try
        {
            await _run(component, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not ConformanceException && !cancellationToken.IsCancellationRequested)
        {
            throw new ConformanceException($"'{Name}' failed with {e.GetType().Name}: {e.Message}", e);
        }
        finally
        {
            switch (component)
            {
                case IAsyncDisposable disposable:
                    await disposable.DisposeAsync().ConfigureAwait(false);
                    break;
                case IDisposable disposable:
                    disposable.Dispose();
                    break;
            }
        }
    }

    /// <summary>The name.</summary>
    public override string ToString() => Name;
}
