namespace Checkpointing.Repository.Tests;

/// <summary>Fails a test with all findings, one a line, and what the rule wants.</summary>
internal static class Findings
{
    private const int ShownCount = 40;

    public static void ShouldBeNone(IEnumerable<string> findings, string rule)
    {
        var list = findings.ToList();
        if (list.Count == 0)
        {
            return;
        }

        var more = list.Count > ShownCount ? $"\n  and {list.Count - ShownCount} more" : "";
        Assert.Fail($"{rule}\n  {string.Join("\n  ", list.Take(ShownCount))}{more}");
    }

    /// <summary>Line number, from 1, of a position in a text.</summary>
    public static int LineOf(string text, int index) => text.AsSpan(0, index).Count('\n') + 1;
}
