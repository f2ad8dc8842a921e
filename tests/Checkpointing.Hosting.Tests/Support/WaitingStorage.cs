using Checkpointing.Storage;
using Checkpointing.Testing.Storage;

namespace Checkpointing.Hosting.Tests.Support;

/// <summary>A storage that a test can take away, or let hang.</summary>
internal sealed class WaitingStorage(ICheckpointStorage inner) : ForwardingStorage(inner)
{
    private readonly TaskCompletionSource _goesOn = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _hangs;
    private volatile bool _isAway;
    private volatile bool _refusesWrites;

    /// <summary>Reading never answers, until <see cref="GoOn"/>; it even keeps the thread.</summary>
    public void Hang() => _hangs = true;

    public void GoOn() => _goesOn.TrySetResult();

    public bool IsAway
    {
        get => _isAway;
        set => _isAway = value;
    }

    public bool RefusesWrites
    {
        get => _refusesWrites;
        set => _refusesWrites = value;
    }

    /// <summary>Looks at the storage so far.</summary>
    public int Listings => Volatile.Read(ref _listings);

    private int _listings;

    public override IAsyncEnumerable<StoredFile> ListAsync(string folder, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _listings);
        Check(folder);
        if (_hangs)
        {
            _goesOn.Task.WaitAsync(TimeSpan.FromSeconds(60), CancellationToken.None).GetAwaiter().GetResult();
        }

        return base.ListAsync(folder, cancellationToken);
    }

    public override ValueTask<IStorageWriter> CreateAsync(string path, CancellationToken cancellationToken)
    {
        Check(path);
        return _refusesWrites
            ? throw new CheckpointStorageUnavailableException(path, "could not be written: no space left on device.")
            : base.CreateAsync(path, cancellationToken);
    }

    private void Check(string path)
    {
        if (_isAway)
        {
            throw new CheckpointStorageUnavailableException(path, "could not be read: the server is away.");
        }
    }
}
