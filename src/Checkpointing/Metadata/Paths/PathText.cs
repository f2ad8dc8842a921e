using System.Buffers;

namespace Checkpointing.Metadata.Paths;

/// <summary>An absolute path, read by segments: <c>file:/x</c>, <c>file:///x</c> and <c>/x</c> are one place.</summary>
/// <remarks>
/// Nothing is decoded: Flink writes paths without percent-encoding. A letter and a colon are a drive, no scheme.
/// Empty segments and <c>.</c> count for nothing; what <c>..</c> leads to is not worked out, as a link in between would
/// make that wrong.
/// </remarks>
internal readonly struct PathText
{
    private static readonly SearchValues<char> s_schemeCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+.-");

    private readonly string _text;
    private readonly int _start;
    private readonly bool _isDrive;

    private PathText(string text, int start, bool isDrive, string scheme, string authority)
    {
        (_text, _start, _isDrive) = (text, start, isDrive);
        (Scheme, Authority) = (scheme, authority);
    }

    /// <summary>For example <c>hdfs</c>; <c>file</c> for a path without one.</summary>
    public string Scheme { get; }

    /// <summary>Host or bucket; empty for local files.</summary>
    public string Authority { get; }

    /// <summary>Whether a segment is <c>..</c>.</summary>
    public bool HasParentSegment
    {
        get
        {
            var segments = Segments();
            while (segments.MoveNext())
            {
                if (segments.Current is "..")
                {
                    return true;
                }
            }

            return false;
        }
    }

    /// <summary>Reads an absolute path.</summary>
    /// <returns>False if it is relative. What has a colon without a slash behind it is: a job may be called
    /// <c>a:b</c>.</returns>
    public static bool TryParse(string text, out PathText path)
    {
        path = default;
        var schemeLength = SchemeLength(text);
        var start = schemeLength == 0 ? 0 : schemeLength + 1;
        var isDrive = schemeLength == 0 && text.Length > 2 && char.IsAsciiLetter(text[0]) && text[1] == ':'
            && text[2] is '/' or '\\';
        if (!isDrive && !text.AsSpan(start).StartsWith('/'))
        {
            return false;
        }

        var scheme = schemeLength == 0 ? "file" : text[..schemeLength];
        var authority = "";
        if (schemeLength > 0 && text.AsSpan(start).StartsWith("//"))
        {
            var end = text.IndexOf('/', start + 2);
            end = end < 0 ? text.Length : end;
            authority = text[(start + 2)..end];
            start = end;
        }

        var isHere = authority == "localhost" && scheme.Equals("file", StringComparison.OrdinalIgnoreCase);
        path = new(text, start, isDrive, scheme, isHere ? "" : authority);
        return true;
    }

    /// <summary>Whether both are in one file system.</summary>
    public bool IsOfOneSystemWith(PathText other) =>
        Scheme.Equals(other.Scheme, StringComparison.OrdinalIgnoreCase) && Authority == other.Authority;

    /// <summary>Whether this is the root or lies below it.</summary>
    /// <param name="root">The root.</param>
    /// <param name="rest">What follows the root, as it is spelled, without a slash in front; empty for the root
    /// itself.</param>
    /// <returns>False, too, if a segment of this path is <c>..</c>: where it leads cannot be told.</returns>
    public bool TryGetRest(PathText root, out string rest)
    {
        rest = "";
        if (!IsOfOneSystemWith(root) || HasParentSegment)
        {
            return false;
        }

        var segments = Segments();
        var rootSegments = root.Segments();
        while (rootSegments.MoveNext())
        {
            if (!segments.MoveNext() || !segments.Current.SequenceEqual(rootSegments.Current))
            {
                return false;
            }
        }

        rest = segments.Rest;
        return true;
    }

    private SegmentEnumerator Segments() => new(_text, _start, _isDrive);

    // RFC 3986, but two characters at least: one is a drive.
    private static int SchemeLength(string text)
    {
        var colon = text.AsSpan().IndexOfAnyExcept(s_schemeCharacters);
        return colon > 1 && text.AsSpan(colon).StartsWith(":/") && char.IsAsciiLetter(text[0]) ? colon : 0;
    }

    private ref struct SegmentEnumerator(string text, int position, bool isDrive)
    {
        public ReadOnlySpan<char> Current { get; private set; }

        /// <summary>What follows the current segment.</summary>
        public readonly string Rest => text[position..].TrimStart('/');

        public bool MoveNext()
        {
            while (position < text.Length)
            {
                var left = text.AsSpan(position);
                var length = left.IndexOfAny('/', isDrive ? '\\' : '/');
                Current = length < 0 ? left : left[..length];
                position += Current.Length + (length < 0 ? 0 : 1);
                if (Current.Length > 0 && Current is not ".")
                {
                    return true;
                }
            }

            return false;
        }
    }
}
