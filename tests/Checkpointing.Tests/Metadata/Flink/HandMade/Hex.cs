using System.Globalization;
using System.Text;

namespace Checkpointing.Tests.Metadata.Flink.HandMade;

/// <summary>Reads bytes written out by hand: two hexadecimal digits a byte, ASCII texts in apostrophes, from <c>#</c>
/// to the end of the line what they mean, and perhaps one <c>^</c> before a byte that matters.</summary>
internal static class Hex
{
    internal static byte[] Parse(string text) => Parse(text, out _);

    /// <param name="text">The bytes.</param>
    /// <param name="marked">Offset of the byte behind the mark; -1 if there is no mark.</param>
    internal static byte[] Parse(string text, out int marked)
    {
        List<byte> bytes = [];
        marked = -1;
        foreach (var line in text.Split('\n'))
        {
            for (var i = 0; i < line.Length && line[i] != '#';)
            {
                if (char.IsWhiteSpace(line[i]))
                {
                    i++;
                }
                else if (line[i] == '^')
                {
                    marked = bytes.Count;
                    i++;
                }
                else if (line[i] == '\'')
                {
                    var end = line.IndexOf('\'', i + 1);
                    bytes.AddRange(Encoding.ASCII.GetBytes(line[(i + 1)..end]));
                    i = end + 1;
                }
                else
                {
                    bytes.Add(byte.Parse(line.AsSpan(i, 2), NumberStyles.AllowHexSpecifier));
                    i += 2;
                }
            }
        }

        return [.. bytes];
    }
}
