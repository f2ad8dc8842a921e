using System.Globalization;
using System.Text;
using Checkpointing.ZooKeeper.Protocol;
using Microsoft.Extensions.Logging;

namespace Checkpointing.ZooKeeper;

/// <summary>Tells a process when to try for a job's epoch: of all candidates one leads at a time, as far as the
/// ensemble knows.</summary>
/// <remarks>
/// <para>A hint and no fence. A process that was paused may believe that it leads while another does; the epoch in the
/// register is what keeps it from changing anything. So: wait for leadership, start the job (which takes the epoch),
/// stop it when <see cref="ZooKeeperLeadership.Lost"/> says so, and wait again.</para>
/// <para>Candidates queue in the order in which they came: ephemeral sequential nodes below
/// <c>/&lt;namespace&gt;/&lt;job&gt;/candidates</c>, each watching the one before it only.</para>
/// <para>One wait at a time.</para>
/// </remarks>
public sealed class ZooKeeperLeaderElection : IAsyncDisposable
{
    private const int NameCharacters = 32;
    private const int SequenceDigits = 10;

    private readonly ZooKeeperClient _client;
    private readonly JobId _job;
    private readonly string _candidate;
    private readonly string _folder;
    private readonly string _name;
    private readonly ILogger _log;
    private ZooKeeperLeadership? _leadership;

    /// <summary>Begins a session; nothing is a candidate yet.</summary>
    /// <param name="options">Copied.</param>
    /// <param name="job">The job.</param>
    /// <param name="candidate">Who this is; for people.</param>
    /// <exception cref="ArgumentException">A setting is missing or outside its range.</exception>
    public ZooKeeperLeaderElection(ZooKeeperOptions options, JobId job, string candidate)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentException.ThrowIfNullOrWhiteSpace(candidate);
        _client = options.Connect();
        (_job, _candidate, _name) = (job, candidate, options.Ids.NewGuid().ToString("N"));
        _folder = $"/{options.Namespace}/{ZooKeeperPath.EscapePart(job.Name)}/candidates";
        _log = options.LoggerFactory.CreateLogger<ZooKeeperLeaderElection>();
    }

    internal ZooKeeperClient Client => _client;

    /// <summary>Queues up, if it does not yet, and waits until this process leads.</summary>
    /// <remarks>A wait that was cancelled keeps its place in the queue: wait again, or dispose this to leave
    /// it.</remarks>
    /// <exception cref="CheckpointStorageUnavailableException">No server answered for the time of a request, or they
    /// refuse; waiting again goes on.</exception>
    public async Task<ZooKeeperLeadership> WaitAsync(CancellationToken cancellationToken)
    {
        if (_leadership is { } held && !held.Lost.IsCancellationRequested)
        {
            return held;
        }

        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                if (await TryLeadAsync(_client.SessionLost, cancellationToken).ConfigureAwait(false)
                    is { } leadership)
                {
                    _leadership = leadership;
                    return leadership;
                }
            }
            catch (ZooKeeperException e) when (e.MayHaveHappened || e.Code is ZooKeeperErrorCode.NoNode
                or ZooKeeperErrorCode.SessionExpired or ZooKeeperErrorCode.SessionMoved)
            {
                // Whether the place was taken is seen in the queue; or somebody removed the queue; or the session
                // went on elsewhere or ended.
            }
            catch (ZooKeeperException e)
            {
                throw ZooKeeperFailures.Unavailable($"{_client}{_folder}", e, changedNothing: false);
            }
        }
    }

    /// <summary>Leaves the queue, and ends leadership and session.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_leadership is { } leadership)
        {
            await leadership.EndAsync().ConfigureAwait(false);
        }

        await _client.DisposeAsync().ConfigureAwait(false);
    }

    /// <returns>Null if another was before us and no longer is, or the session was lost: look again.</returns>
    private async Task<ZooKeeperLeadership?> TryLeadAsync(
        CancellationToken session, CancellationToken cancellationToken)
    {
        await _client.EnsurePathAsync(_folder, cancellationToken).ConfigureAwait(false);
        await _client.SyncAsync(_folder, cancellationToken).ConfigureAwait(false);
        var queue = await ReadQueueAsync(cancellationToken).ConfigureAwait(false);
        if (!queue.Exists(node => node.StartsWith(_name, StringComparison.Ordinal)))
        {
            await _client.CreateAsync(
                $"{_folder}/{_name}-", Encoding.UTF8.GetBytes(_candidate), isEphemeral: true, isSequential: true,
                cancellationToken).ConfigureAwait(false);
            queue = await ReadQueueAsync(cancellationToken).ConfigureAwait(false);
        }

        var place = queue.FindIndex(node => node.StartsWith(_name, StringComparison.Ordinal));
        using var watch = new ZooKeeperWatch();
        if (place < 0)
        {
            return null;
        }

        if (place > 0)
        {
            if (await _client.ExistsAsync($"{_folder}/{queue[place - 1]}", watch, cancellationToken)
                .ConfigureAwait(false) is not null)
            {
                await watch.Fired.WaitAsync(cancellationToken).ConfigureAwait(false);
            }

            return null;
        }

        return await LeadAsync(queue[0], session, cancellationToken).ConfigureAwait(false);
    }

    private async Task<ZooKeeperLeadership?> LeadAsync(
        string node, CancellationToken session, CancellationToken cancellationToken)
    {
        // Not disposed here: the leadership has it.
#pragma warning disable CA2000
        var watch = new ZooKeeperWatch();
#pragma warning restore CA2000
        var isLeading = false;
        try
        {
            var stat = await _client.ExistsAsync($"{_folder}/{node}", watch, cancellationToken).ConfigureAwait(false);
            isLeading = stat?.EphemeralOwner == _client.SessionId && !session.IsCancellationRequested;
        }
        finally
        {
            if (!isLeading)
            {
                watch.Dispose();
            }
        }

        if (!isLeading)
        {
            return null;
        }

        ZooKeeperLog.LeadershipGained(_log, _candidate, _job.Name);
        return new(watch, () => ZooKeeperLog.LeadershipLost(_log, _candidate, _job.Name), session);
    }

    private async Task<List<string>> ReadQueueAsync(CancellationToken cancellationToken)
    {
        var (children, _) = await _client.GetChildrenAsync(_folder, cancellationToken: cancellationToken)
            .ConfigureAwait(false);
        return InOrder(children);
    }

    /// <summary>The candidates among some nodes, first come first. Other nodes are not ours to judge.</summary>
    internal static List<string> InOrder(IEnumerable<string> nodes)
    {
        var queue = nodes.Where(static node => SequenceOf(node) is not null).ToList();

        // The number has 32 bits and goes round: what counts is the distance.
        queue.Sort(static (a, b) => unchecked(SequenceOf(a)!.Value - SequenceOf(b)!.Value));
        return queue;
    }

    // "<32 digits of a name>-0000000007"; past 2,147,483,647 it is "<name>--2147483648".
    private static int? SequenceOf(string node)
    {
        if (node.Length < NameCharacters + 1 + SequenceDigits || node[NameCharacters] != '-'
            || !node.Take(NameCharacters).All(char.IsAsciiHexDigitLower))
        {
            return null;
        }

        return int.TryParse(
            node.AsSpan(NameCharacters + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture,
            out var sequence) ? sequence : null;
    }
}

/// <summary>A time during which this process leads.</summary>
#pragma warning disable CA1001 // Nothing of the source needs freeing, and the token must outlive the leadership.
public sealed class ZooKeeperLeadership
#pragma warning restore CA1001
{
    private readonly CancellationTokenSource _lost;
    private readonly CancellationTokenRegistration _session;
    private readonly ZooKeeperWatch _watch;

    internal ZooKeeperLeadership(ZooKeeperWatch watch, Action onLost, CancellationToken session)
    {
        _watch = watch;
        _lost = new();
        Lost = _lost.Token;
        Lost.UnsafeRegister(static onLost => ((Action)onLost!)(), onLost);
        _session = session.UnsafeRegister(static lost => ((CancellationTokenSource)lost!).Cancel(), _lost);
        _ = EndWithNodeAsync();
    }

    /// <summary>Cancelled when the session is lost or the node removed: stop the job, and wait for the next
    /// turn.</summary>
    public CancellationToken Lost { get; }

    internal async ValueTask EndAsync()
    {
        _watch.Fire(WatchEventType.SessionLost);
        await _session.DisposeAsync().ConfigureAwait(false);
        await _lost.CancelAsync().ConfigureAwait(false);
    }

    private async Task EndWithNodeAsync()
    {
        await _watch.Fired.ConfigureAwait(false);
        _watch.Dispose();
        await _lost.CancelAsync().ConfigureAwait(false);
    }
}
