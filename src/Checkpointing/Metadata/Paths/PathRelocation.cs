namespace Checkpointing.Metadata.Paths;

/// <summary>Says that what lay below one root lies below another now.</summary>
/// <remarks>Roots are compared by whole segments, so <c>file:/a/b</c> is no root of <c>file:/a/bc</c>. The spellings
/// <c>file:/x</c>, <c>file:///x</c> and <c>/x</c> are one root; doubled and trailing slashes count for nothing. A path
/// with <c>..</c> in it lies below no root.</remarks>
public sealed class PathRelocation
{
    private readonly PathText _from;

    /// <summary>Makes a relocation.</summary>
    /// <param name="from">The old root, absolute.</param>
    /// <param name="to">The new root, absolute; written as it is spelled here, without a trailing slash.</param>
    /// <exception cref="ArgumentException">A root is relative, or has <c>..</c> in it.</exception>
    public PathRelocation(string from, string to)
    {
        _from = Parse(from, nameof(from));
        _ = Parse(to, nameof(to));
        (From, To) = (from, to);
    }

    /// <summary>The old root.</summary>
    public string From { get; }

    /// <summary>The new root.</summary>
    public string To { get; }

    /// <summary>The path under the new root.</summary>
    /// <returns>False if the path is not absolute, or neither the old root nor below it.</returns>
    public bool TryApply(string path, out string relocated)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (!PathText.TryParse(path, out var parsed) || !parsed.TryGetRest(_from, out var rest))
        {
            relocated = path;
            return false;
        }

        var to = To.TrimEnd('/');
        relocated = rest.Length > 0 ? $"{to}/{rest}" : to.Length > 0 && !to.EndsWith(':') ? to : To;
        return true;
    }

    /// <summary>For example <c>file:/old=s3://bucket/new</c>.</summary>
    public override string ToString() => $"{From}={To}";

    private static PathText Parse(string root, string parameter)
    {
        ArgumentException.ThrowIfNullOrEmpty(root, parameter);
        return PathText.TryParse(root, out var parsed) && !parsed.HasParentSegment
            ? parsed
            : throw new ArgumentException($"'{root}' is no absolute path without '..'.", parameter);
    }
}
