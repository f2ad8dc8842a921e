using System.Globalization;
using Checkpointing.CompletedCheckpoints;
using Checkpointing.Storage;
using Checkpointing.ZooKeeper.Protocol;

namespace Checkpointing.ZooKeeper;

/// <summary>A job's record in one node of ZooKeeper: <c>/&lt;namespace&gt;/&lt;job&gt;/register</c>, replaced by
/// version.</summary>
/// <remarks>
/// <para>The node holds pointers only; metadata and files are in the checkpoint storage. Every read is preceded by a
/// <c>sync</c>, so that a server that lags does not answer with an old record. The node is never deleted: its version
/// would begin anew.</para>
/// <para>In a name of a job, characters that ZooKeeper refuses are written as <c>%</c> and two digits for each byte of
/// UTF-8.</para>
/// <para>Safe for concurrent calls. Holds one connection and one session until it is disposed.</para>
/// </remarks>
public sealed class ZooKeeperCheckpointRegister : ICheckpointRegister, IAsyncDisposable
{
    /// <summary>Bytes of a record that a medium takes (see <see cref="ICheckpointRegister"/>).</summary>
    private const int MaxRecordBytes = 512 << 10;

    private readonly ZooKeeperClient _client;
    private readonly string _root;

    /// <summary>Begins a session; the first call waits for it.</summary>
    /// <param name="options">Copied.</param>
    /// <exception cref="ArgumentException">A setting is missing or outside its range.</exception>
    public ZooKeeperCheckpointRegister(ZooKeeperOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _client = options.Connect();
        _root = "/" + options.Namespace;
        Description = $"{_client}{_root}";
    }

    /// <inheritdoc/>
    public string Description { get; }

    internal ZooKeeperClient Client => _client;

    /// <inheritdoc/>
    public async ValueTask<RegisterEntry?> ReadAsync(JobId job, CancellationToken cancellationToken)
    {
        var path = PathOf(job);
        try
        {
            // In one go: the answers come in the order of the requests.
            var sync = _client.SyncAsync(path, cancellationToken);
            var reading = _client.GetDataAsync(path, cancellationToken: cancellationToken);
            await Task.WhenAll(sync, reading).ConfigureAwait(false);
            var (data, stat) = await reading.ConfigureAwait(false);
            if (data.Length > MaxRecordBytes)
            {
                throw new CheckpointCorruptException(
                    Description + path[_root.Length..], MaxRecordBytes,
                    $"a register's record of at most {MaxRecordBytes} bytes",
                    string.Create(CultureInfo.InvariantCulture, $"{data.Length} bytes"));
            }

            return new(stat.Version + 1L, data);
        }
        catch (ZooKeeperException e) when (e.Code == ZooKeeperErrorCode.NoNode)
        {
            return null;
        }
        catch (ZooKeeperException e)
        {
            throw Unavailable(path, e, changedNothing: true);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<RegisterReplacement> TryReplaceAsync(
        JobId job, long expectedVersion, ReadOnlyMemory<byte> record, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(expectedVersion);
        if (record.Length > MaxRecordBytes)
        {
            throw new ArgumentException(
                $"A record has at most {MaxRecordBytes} bytes; this one has {record.Length}.", nameof(record));
        }

        cancellationToken.ThrowIfCancellationRequested();
        var path = PathOf(job);
        try
        {
            if (expectedVersion == 0)
            {
                await CreateAsync(path, record).ConfigureAwait(false);
            }
            else
            {
                // The node's versions begin at 0.
                await _client.SetDataAsync(path, record, checked((int)(expectedVersion - 1)), CancellationToken.None)
                    .ConfigureAwait(false);
            }

            return RegisterReplacement.Replaced;
        }
        catch (ZooKeeperException e) when (e.Code is ZooKeeperErrorCode.NodeExists or ZooKeeperErrorCode.BadVersion
            || (e.Code == ZooKeeperErrorCode.NoNode && expectedVersion > 0))
        {
            return RegisterReplacement.Lost;
        }
        catch (ZooKeeperException e) when (e.MayHaveHappened)
        {
            return RegisterReplacement.Unknown;
        }
        catch (ZooKeeperException e)
        {
            throw Unavailable(path, e, changedNothing: true);
        }
    }

    /// <inheritdoc/>
    public CompletedCheckpointStore OpenStore(
        ICheckpointStorage storage, JobId job, IdSource ids, string holder) =>
        new ZooKeeperCompletedCheckpointStore(this, storage, job, ids, holder);

    /// <summary>Ends the session.</summary>
    public ValueTask DisposeAsync() => _client.DisposeAsync();

    internal string PathOf(JobId job) => $"{_root}/{ZooKeeperPath.EscapePart(job.Name)}/register";

    private async Task CreateAsync(string path, ReadOnlyMemory<byte> record)
    {
        try
        {
            await _client.CreateAsync(path, record).ConfigureAwait(false);
        }
        catch (ZooKeeperException e) when (e.Code == ZooKeeperErrorCode.NoNode)
        {
            await _client.EnsurePathAsync(ZooKeeperPath.ParentOf(path), CancellationToken.None).ConfigureAwait(false);
            await _client.CreateAsync(path, record).ConfigureAwait(false);
        }
    }

    private CheckpointStorageUnavailableException Unavailable(string path, ZooKeeperException e, bool changedNothing) =>
        ZooKeeperFailures.Unavailable(Description + path[_root.Length..], e, changedNothing);
}
