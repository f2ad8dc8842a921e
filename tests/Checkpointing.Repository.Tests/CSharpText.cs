using System.Text;

namespace Checkpointing.Repository.Tests;

/// <summary>Source text with comments and the contents of strings blanked out; line numbers stay.</summary>
/// <remarks>Holes of interpolated strings are blanked with them: good enough for rules about names.</remarks>
internal static class CSharpText
{
    public static string WithoutCommentsAndStrings(string source)
    {
        var result = new StringBuilder(source.Length);
        for (var at = 0; at < source.Length;)
        {
            var end = EndOfBlank(source, at);
            if (end == at)
            {
                result.Append(source[at++]);
                continue;
            }

            for (; at < end; at++)
            {
                result.Append(source[at] == '\n' ? '\n' : ' ');
            }
        }

        return result.ToString();
    }

    // The end of the comment, string or character that begins here; the same position if none does.
    private static int EndOfBlank(string source, int at)
    {
        var rest = source.AsSpan(at);
        if (rest.StartsWith("//"))
        {
            return After(source, at, "\n", 0);
        }

        if (rest.StartsWith("/*"))
        {
            return After(source, at + 2, "*/", 2);
        }

        if (rest[0] == '\'')
        {
            return EndOfQuoted(source, at, '\'');
        }

        if (rest[0] != '"')
        {
            return at;
        }

        var quotes = rest.Length - rest.TrimStart('"').Length;
        if (quotes >= 3)
        {
            return After(source, at + quotes, new string('"', quotes), quotes);
        }

        var before = source.AsSpan(0, at);
        var isVerbatim = before.EndsWith("@") || before.EndsWith("@$");
        return isVerbatim ? EndOfVerbatim(source, at) : EndOfQuoted(source, at, '"');
    }

    private static int After(string source, int from, string end, int endLength)
    {
        var found = source.IndexOf(end, from, StringComparison.Ordinal);
        return found < 0 ? source.Length : found + endLength;
    }

    private static int EndOfQuoted(string source, int at, char quote)
    {
        for (at++; at < source.Length && source[at] != quote && source[at] != '\n'; at++)
        {
            if (source[at] == '\\')
            {
                at++;
            }
        }

        return Math.Min(at + 1, source.Length);
    }

    private static int EndOfVerbatim(string source, int at)
    {
        for (at++; at < source.Length; at++)
        {
            if (source[at] == '"')
            {
                if (at + 1 == source.Length || source[at + 1] != '"')
                {
                    return at + 1;
                }

                at++;
            }
        }

        return source.Length;
    }
}
