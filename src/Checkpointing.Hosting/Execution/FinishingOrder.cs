using Checkpointing.Hosting.Definition;

namespace Checkpointing.Hosting.Execution;

/// <summary>Which operators of an attempt finish, and when. Pure: whoever drives it carries the answers out.</summary>
/// <remarks>
/// <list type="number">
/// <item>An operator finishes as a whole, when all its subtasks are done: a checkpoint with a part of them would lose
/// the positions and items of the others.</item>
/// <item>It finishes after all that feed it: a checkpoint in which it had finished and they had not could not be
/// restored.</item>
/// <item>A source whose input may grow never finishes, nor does what it feeds.</item>
/// </list>
/// Not safe for concurrent calls.
/// </remarks>
internal sealed class FinishingOrder
{
    private readonly IReadOnlyList<Vertex> _vertices;
    private readonly Dictionary<Vertex, int> _notDone = [];
    private readonly HashSet<Vertex> _underWay = [];
    private readonly HashSet<Vertex> _finished = [];
    private readonly bool _mayFinish;
    private bool _isHeld;

    /// <summary>Begins with an attempt.</summary>
    /// <param name="plan">Its operators.</param>
    /// <param name="hadFinished">Whether an operator had finished before the checkpoint that the attempt starts
    /// from.</param>
    /// <param name="mayFinish">Whether any operator may.</param>
    public FinishingOrder(JobPlan plan, Func<Vertex, bool> hadFinished, bool mayFinish)
    {
        _vertices = plan.Job.Vertices;
        _mayFinish = mayFinish;
        _finished.UnionWith(_vertices.Where(hadFinished));
        foreach (var subtasks in plan.Subtasks.GroupBy(static subtask => subtask.Vertex))
        {
            _notDone.Add(subtasks.Key, subtasks.Count());
        }
    }

    /// <summary>Nobody is left to take part in a checkpoint.</summary>
    public bool AllHaveFinished => _finished.Count == _vertices.Count;

    /// <summary>Whether an operator was told to finish and has not reported yet.</summary>
    public bool IsUnderWay => _underWay.Count > 0;

    public bool HasFinished(Vertex vertex) => _finished.Contains(vertex);

    /// <summary>A subtask is done.</summary>
    /// <returns>Operators to be told to finish.</returns>
    public IReadOnlyList<Vertex> TakeDone(Vertex vertex)
    {
        _notDone[vertex]--;
        return Next();
    }

    /// <summary>The coordinator was told of all subtasks of an operator that was told to finish.</summary>
    /// <returns>Operators to be told to finish.</returns>
    public IReadOnlyList<Vertex> TakeFinished(Vertex vertex)
    {
        _underWay.Remove(vertex);
        _finished.Add(vertex);
        return Next();
    }

    /// <summary>No further operator finishes: a checkpoint is to be taken that must not be aborted for it.</summary>
    public void Hold() => _isHeld = true;

    /// <summary>Operators may finish again.</summary>
    /// <returns>Operators to be told to finish.</returns>
    public IReadOnlyList<Vertex> Release()
    {
        _isHeld = false;
        return Next();
    }

    private List<Vertex> Next()
    {
        var next = _mayFinish && !_isHeld ? _vertices.Where(MayFinish).ToList() : [];
        _underWay.UnionWith(next);
        return next;
    }

    private bool MayFinish(Vertex vertex) =>
        _notDone[vertex] == 0 && !vertex.MayGrow && !_finished.Contains(vertex) && !_underWay.Contains(vertex)
        && vertex.Inputs.TrueForAll(edge => _finished.Contains(edge.From));
}
