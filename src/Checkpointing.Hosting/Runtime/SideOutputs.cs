using Checkpointing.Hosting.Operators;
using Checkpointing.State;

namespace Checkpointing.Hosting.Runtime;

/// <summary>Where the records of each tag go at one subtask. What nobody reads goes nowhere.</summary>
internal class SideOutputs
{
    private readonly List<(string Tag, object Collector)> _outputs = [];

    public void Add<T>(OutputTag<T> tag, Collector<T> collector) => _outputs.Add((tag.Name, collector));

    public virtual void Collect<T>(OutputTag<T> tag, T value, Timestamp time)
    {
        foreach (var (name, collector) in _outputs)
        {
            if (name == tag.Name)
            {
                ((Collector<T>)collector).Collect(value, time);
                return;
            }
        }
    }
}
